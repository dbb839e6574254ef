import QtQuick
import dev.ostler.app

// A file with what could be services, or one of these.
Item {
    id: root

    required property bool isHeading
    required property string name
    required property string command
    required property int services
    required property bool isTask
    required property bool isWanted
    required property string findKey

    implicitHeight: root.isHeading ? Metrics.px(36) : Metrics.px(32)

    Glyph {
        y: Metrics.px(12)
        visible: root.isHeading
        source: Glyphs.action("file")
        color: Theme.text2
    }

    SectionTitle {
        x: Metrics.px(24)
        y: Metrics.px(8)
        width: parent.width - x
        visible: root.isHeading
        text: root.isHeading ? root.name : ""
        more: !root.isHeading ? "" : root.command !== "" ? root.command : root.services === 1 ? qsTr("1 service") : qsTr("%1 services").arg(root.services)
        Accessible.ignored: !root.isHeading
    }

    BaseCheckBox {
        id: box

        anchors.verticalCenter: parent.verticalCenter
        width: Metrics.px(148)
        visible: !root.isHeading
        text: root.name
        hint: root.command
        checked: root.isWanted
        onToggled: Finds.choose(root.findKey, checked)
    }

    PlainText {
        anchors.left: box.right
        anchors.right: note.left
        anchors.rightMargin: Metrics.gap
        anchors.verticalCenter: parent.verticalCenter
        visible: !root.isHeading
        text: root.command
        font: Metrics.mono
        color: Theme.text2
        Accessible.ignored: true
    }

    PlainText {
        id: note

        anchors.right: parent.right
        anchors.verticalCenter: parent.verticalCenter
        visible: !root.isHeading
        text: root.isTask ? qsTr("a task that ends") : ""
        font: Metrics.small
        color: Theme.text3
    }
}
