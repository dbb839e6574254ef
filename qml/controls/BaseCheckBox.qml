import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// Part of a choice that takes effect with the button below it. Without a text, `label` names it for readers.
T.CheckBox {
    id: root

    property string label: ""
    property string hint: ""

    implicitWidth: Math.max(Metrics.smallControl, contentItem.implicitWidth)
    implicitHeight: Math.max(Metrics.smallControl, contentItem.implicitHeight)
    font: Metrics.body
    focusPolicy: Qt.TabFocus
    hoverEnabled: true

    Accessible.role: Accessible.CheckBox
    Accessible.name: root.text !== "" ? root.text : root.label
    Accessible.description: root.hint
    Accessible.ignored: !root.visible
    Accessible.checkable: true
    Accessible.checked: root.checked
    Accessible.onPressAction: root.flip()
    Accessible.onToggleAction: root.flip()

    Keys.onReturnPressed: root.flip()
    Keys.onEnterPressed: root.flip()

    // What a reader or Return does: the same as a click.
    function flip() {
        if (!root.enabled)
            return;
        root.toggle();
        root.toggled();
    }

    indicator: Rectangle {
        readonly property bool isMarked: root.checkState !== Qt.Unchecked

        x: root.mirrored ? root.width - width : 0
        anchors.verticalCenter: parent.verticalCenter
        implicitWidth: Metrics.glyph
        implicitHeight: Metrics.glyph
        radius: Metrics.tagRadius
        color: isMarked && root.enabled ? Theme.accentFill : root.down ? Theme.press : root.enabled ? Theme.base : "transparent"
        border.width: isMarked && root.enabled ? 0 : Metrics.lineWidth
        border.color: root.enabled ? Theme.border : Theme.line

        Glyph {
            anchors.centerIn: parent
            visible: parent.isMarked
            size: Metrics.px(14)
            source: Glyphs.named(root.checkState === Qt.PartiallyChecked ? "state-disabled" : "state-completed")
            color: root.enabled ? Theme.accentInk : Theme.text3
        }

        FocusRing {
            visible: root.visualFocus
            radius: parent.radius + 3
        }
    }

    contentItem: PlainText {
        leftPadding: root.text === "" || root.mirrored ? 0 : Metrics.px(24)
        rightPadding: root.text === "" || !root.mirrored ? 0 : Metrics.px(24)
        text: root.text
        font: root.font
        color: root.enabled ? Theme.text : Theme.text3
        Accessible.ignored: true
    }

    Hint {
        text: root.hint
        isWanted: root.hovered || root.visualFocus
    }
}
