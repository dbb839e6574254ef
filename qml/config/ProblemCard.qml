import QtQuick
import dev.ostler.app

// One problem: what, where, what would be right, and what mends it.
FocusScope {
    id: root

    required property int index
    required property int line
    required property int column
    required property string place
    required property bool isError
    required property string path
    required property string title
    required property string advice
    required property string example
    required property string fix

    signal placeWanted

    implicitHeight: content.implicitHeight + Metrics.px(24)

    Accessible.role: Accessible.ListItem
    Accessible.name: [root.place, root.title, root.advice, root.example].join(", ")

    Rectangle {
        anchors.fill: parent
        radius: Metrics.radius
        color: Theme.base
        border.width: Metrics.lineWidth
        border.color: Theme.edge
    }

    Glyph {
        anchors.left: parent.left
        anchors.leftMargin: Metrics.px(12)
        y: Metrics.px(14)
        source: Glyphs.named(root.isError ? "state-failed" : "state-degraded")
        color: root.isError ? Theme.fail : Theme.warn
    }

    Column {
        id: content

        anchors.left: parent.left
        anchors.leftMargin: Metrics.px(36)
        y: Metrics.px(12)
        width: parent.width - Metrics.px(48)
        spacing: Metrics.px(4)

        Item {
            width: parent.width
            height: title.implicitHeight

            PlainText {
                id: title

                anchors.left: parent.left
                width: parent.width - place.implicitWidth - Metrics.gap
                text: root.title
                font: Metrics.strong
                wrapMode: Text.Wrap
                Accessible.ignored: true
            }

            PlainText {
                id: place

                anchors.right: parent.right
                text: root.place
                font: Metrics.small
                color: Theme.text2
                Accessible.ignored: true
            }
        }

        PlainText {
            width: parent.width
            visible: text !== ""
            text: root.path === "" ? root.advice : root.advice === "" ? root.path : root.path + ": " + root.advice
            font: Metrics.small
            color: Theme.text2
            wrapMode: Text.Wrap
            Accessible.ignored: true
        }

        PlainText {
            width: parent.width
            visible: text !== ""
            text: root.example
            font: Metrics.mono
            wrapMode: Text.WrapAnywhere
            Accessible.ignored: true
        }

        Row {
            spacing: Metrics.gap
            topPadding: Metrics.px(4)
            visible: root.fix !== "" || root.line > 0

            BaseButton {
                visible: root.fix !== ""
                isSmall: true
                text: qsTr("Change to %1").arg(root.fix)
                onClicked: ConfigDocument.fix(root.index)
            }

            BaseButton {
                visible: root.line > 0
                isSmall: true
                isFlat: true
                text: qsTr("Go to line")
                hint: qsTr("F8 goes to the next problem")
                onClicked: root.placeWanted()
            }
        }
    }
}
