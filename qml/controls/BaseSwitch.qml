import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// On or off, at once. Without a text of its own, `label` names it for readers.
T.Switch {
    id: root

    property string label: ""
    property string hint: ""

    implicitWidth: Math.max(Metrics.px(36), contentItem.implicitWidth)
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
        x: root.mirrored ? root.width - width : 0
        anchors.verticalCenter: parent.verticalCenter
        implicitWidth: Metrics.px(36)
        implicitHeight: Metrics.px(20)
        radius: height / 2
        color: root.checked && root.enabled ? Theme.accentFill : root.down ? Theme.press : "transparent"
        border.width: root.checked && root.enabled ? 0 : Metrics.lineWidth
        border.color: root.enabled ? Theme.border : Theme.line

        Rectangle {
            x: Metrics.px(3) + (parent.width - width - Metrics.px(6)) * (root.mirrored ? 1 - root.visualPosition : root.visualPosition)
            anchors.verticalCenter: parent.verticalCenter
            width: Metrics.px(14)
            height: width
            radius: width / 2
            color: !root.enabled ? Theme.text3 : root.checked ? Theme.accentInk : Theme.border
        }

        FocusRing {
            visible: root.visualFocus
            radius: parent.radius + 3
        }
    }

    contentItem: PlainText {
        leftPadding: root.text === "" || root.mirrored ? 0 : Metrics.px(44)
        rightPadding: root.text === "" || !root.mirrored ? 0 : Metrics.px(44)
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
