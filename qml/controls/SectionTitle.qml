import QtQuick
import dev.ostler.app

// What the following is about, and a word more.
Item {
    id: root

    property string text: ""
    property string more: ""

    implicitWidth: title.implicitWidth + rest.implicitWidth + Metrics.gap
    implicitHeight: Metrics.px(24)

    Accessible.role: Accessible.Heading
    Accessible.name: root.more === "" ? root.text : root.text + ", " + root.more

    PlainText {
        id: title

        anchors.left: parent.left
        anchors.baseline: rest.baseline
        width: Math.min(implicitWidth, root.width)
        text: root.text
        font: Metrics.strong
        Accessible.ignored: true
    }

    PlainText {
        id: rest

        anchors.left: title.right
        anchors.leftMargin: Metrics.gap
        anchors.verticalCenter: parent.verticalCenter
        width: Math.max(0, Math.min(implicitWidth, root.width - title.width - Metrics.gap))
        text: root.more
        font: Metrics.small
        color: Theme.text2
        Accessible.ignored: true
    }
}
