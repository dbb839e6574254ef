import QtQuick
import dev.ostler.app

// One thing that can be set: what, what it means, and the control for it.
Item {
    id: root

    property string title: ""
    property string sentence: ""
    property string trouble: ""
    default property alias control: holder.data

    implicitHeight: Math.max(texts.implicitHeight, holder.height) + Metrics.px(24)

    Column {
        id: texts

        anchors.left: parent.left
        y: Metrics.px(12)
        width: parent.width - holder.width - Metrics.px(24)
        spacing: Metrics.px(2)

        PlainText {
            width: parent.width
            text: root.title
            font: Metrics.name
            wrapMode: Text.Wrap
            Accessible.ignored: true
        }

        PlainText {
            width: parent.width
            visible: text !== ""
            text: root.sentence
            font: Metrics.small
            color: Theme.text2
            wrapMode: Text.Wrap
        }

        PlainText {
            width: parent.width
            visible: text !== ""
            text: root.trouble
            font: Metrics.small
            color: Theme.fail
            wrapMode: Text.Wrap
        }
    }

    Row {
        id: holder

        anchors.right: parent.right
        anchors.verticalCenter: parent.verticalCenter
    }

    Rectangle {
        anchors.bottom: parent.bottom
        width: parent.width
        height: Metrics.lineWidth
        color: Theme.line
    }
}
