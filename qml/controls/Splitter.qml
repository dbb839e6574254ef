import QtQuick
import dev.ostler.app

// The line between two panes, which can be moved: by the pointer, and by Left and Right when it has the focus.
// `position` is the width of the first pane; it stays within its bounds, which win over what was wanted.
Item {
    id: root

    property string label: qsTr("Width of the list")
    property real least: 0
    property real most: 0
    property real wanted: root.least
    readonly property real position: Math.max(root.least, Math.min(root.wanted, root.most))

    // The person has moved it: worth remembering.
    signal moved(real position)

    implicitWidth: Metrics.px(8)
    activeFocusOnTab: true

    Accessible.role: Accessible.Slider
    Accessible.name: root.label
    Accessible.onIncreaseAction: root.step(Metrics.px(16))
    Accessible.onDecreaseAction: root.step(-Metrics.px(16))

    function step(distance: real) {
        root.wanted = Math.max(root.least, Math.min(root.position + distance, root.most));
        root.moved(root.wanted);
    }

    Keys.onLeftPressed: root.step(root.LayoutMirroring.enabled ? Metrics.px(16) : -Metrics.px(16))
    Keys.onRightPressed: root.step(root.LayoutMirroring.enabled ? -Metrics.px(16) : Metrics.px(16))

    Rectangle {
        anchors.horizontalCenter: parent.horizontalCenter
        width: root.activeFocus || drag.active ? 2 : Metrics.lineWidth
        height: parent.height
        color: root.activeFocus || drag.active ? Theme.accent : hover.hovered ? Theme.border : Theme.line
    }

    HoverHandler {
        id: hover

        cursorShape: Qt.SplitHCursor
    }

    DragHandler {
        id: drag

        property real start: 0

        target: null
        cursorShape: Qt.SplitHCursor
        onActiveChanged: {
            if (active)
                start = root.position;
            else
                root.moved(root.position);
        }
        onActiveTranslationChanged: {
            if (active)
                root.wanted = start + activeTranslation.x * (root.LayoutMirroring.enabled ? -1 : 1);
        }
    }
}
