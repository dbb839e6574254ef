import QtQuick
import dev.ostler.app

// A row of a table. Its children are TableCells and what else stands in it; `label` is the whole row in words.
Item {
    id: root

    property string label: ""
    property bool isCurrent: false
    property bool hasFocusRing: false
    property bool isFailed: false
    readonly property alias isHovered: hover.hovered
    default property alias cells: cells.data

    signal picked
    signal opened
    signal menuWanted

    implicitHeight: Metrics.rowHeight

    Accessible.role: Accessible.ListItem
    Accessible.name: root.label
    Accessible.selected: root.isCurrent
    Accessible.focusable: true
    Accessible.focused: root.hasFocusRing
    Accessible.onPressAction: root.picked()

    Rectangle {
        anchors.fill: parent
        color: root.isCurrent ? Theme.select : root.isFailed ? Theme.failTint : hover.hovered ? Theme.hover : "transparent"

        Rectangle {
            visible: root.isCurrent
            width: Theme.isContrast ? 6 : 3
            height: parent.height
            color: Theme.accent
        }
    }

    Item {
        id: cells

        anchors.fill: parent
    }

    FocusRing {
        visible: root.hasFocusRing
        isInside: true
    }

    HoverHandler {
        id: hover
    }

    TapHandler {
        onTapped: root.picked()
        onDoubleTapped: root.opened()
    }

    TapHandler {
        acceptedButtons: Qt.RightButton
        onTapped: {
            root.picked();
            root.menuWanted();
        }
    }
}
