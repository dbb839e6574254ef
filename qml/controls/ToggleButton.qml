import QtQuick
import dev.ostler.app

// A button that says whether something is on. Who uses it decides what a click does.
BaseButton {
    id: root

    property bool isOn: false

    Accessible.checkable: true
    Accessible.checked: root.isOn
    Accessible.onToggleAction: if (root.enabled)
        root.clicked()

    background: Rectangle {
        radius: Metrics.radius
        color: root.down ? Theme.press : root.isOn ? (root.isFlat ? Theme.press : Theme.select) : root.hovered && root.enabled ? Theme.hover : root.isFlat ? "transparent" : Theme.raised
        border.width: root.isFlat && !(root.isOn && Theme.isContrast) ? 0 : Metrics.lineWidth
        border.color: root.isOn && root.enabled ? Theme.accent : root.enabled ? Theme.edge : Theme.line
    }
}
