import QtQuick
import dev.ostler.app

// One line of the palette: what, what one should know of it, the keys that do the same.
Item {
    id: root

    required property int index
    required property int action
    required property string service
    required property string text
    required property string marked
    required property string context
    required property string keys
    required property string glyph
    required property bool isOn
    property bool isCurrent: false

    signal picked

    implicitHeight: Metrics.px(40)

    Accessible.role: Accessible.ListItem
    Accessible.name: root.context === "" ? root.text : root.text + ", " + root.context
    Accessible.selected: root.isCurrent
    Accessible.onPressAction: root.picked()

    Rectangle {
        anchors.fill: parent
        radius: Metrics.radius
        color: root.isCurrent ? Theme.select : hover.hovered ? Theme.hover : "transparent"
    }

    Glyph {
        x: Metrics.px(12)
        anchors.verticalCenter: parent.verticalCenter
        source: Glyphs.named(root.glyph)
        color: root.isOn ? Theme.text2 : Theme.text3
    }

    // The one text with markup: made in Rust, where all but the marks is escaped.
    Text {
        id: what

        x: Metrics.px(40)
        width: Math.min(implicitWidth, root.width * 0.55)
        height: parent.height
        textFormat: Text.StyledText
        text: root.marked
        font: Metrics.body
        color: root.isOn ? Theme.text : Theme.text3
        elide: Text.ElideRight
        maximumLineCount: 1
        verticalAlignment: Text.AlignVCenter
        Accessible.ignored: true
    }

    PlainText {
        anchors.left: what.right
        anchors.leftMargin: Metrics.px(12)
        anchors.right: cap.visible ? cap.left : parent.right
        anchors.rightMargin: Metrics.px(12)
        height: parent.height
        text: root.context
        font: Metrics.small
        color: root.isOn ? Theme.text2 : Theme.text3
        Accessible.ignored: true
    }

    KeyCap {
        id: cap

        anchors.right: parent.right
        anchors.rightMargin: Metrics.px(12)
        anchors.verticalCenter: parent.verticalCenter
        visible: root.keys !== ""
        text: root.keys
    }

    HoverHandler {
        id: hover
    }

    TapHandler {
        onTapped: root.picked()
    }
}
