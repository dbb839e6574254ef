pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// The rows of services and their groups, moved through and selected by keys and by the pointer.
ListView {
    id: root

    required property Columns columns
    property bool isDetailOpen: false
    // Where a selection with Shift began.
    property int anchorRow: -1
    readonly property RowFacts currentRow: root.currentItem as RowFacts
    readonly property bool hasService: currentRow !== null && !currentRow.isHeading

    signal followed
    signal opened(string service)
    signal menuWanted(Item anchor)
    signal detailLeft

    // Moves with Shift: selects all from where it began.
    function extend(step: int) {
        const to = Math.max(0, Math.min(root.count - 1, root.currentIndex + step));
        root.currentIndex = to;
        ServicesModel.selectRange(root.anchorRow, to);
    }

    model: ServicesModel
    clip: true
    focus: true
    activeFocusOnTab: true
    reuseItems: true
    currentIndex: -1
    highlightFollowsCurrentItem: true
    highlightMoveDuration: 0
    boundsBehavior: Flickable.StopAtBounds
    topMargin: Metrics.px(2)

    Accessible.role: Accessible.List
    Accessible.name: qsTr("Services")

    onActiveFocusChanged: if (activeFocus && currentIndex < 0 && count > 0)
        currentIndex = 0
    onCurrentItemChanged: if (activeFocus)
        root.followed()

    Keys.onPressed: event => {
        switch (event.key) {
        case Qt.Key_Home:
            root.currentIndex = 0;
            break;
        case Qt.Key_End:
            root.currentIndex = root.count - 1;
            break;
        case Qt.Key_Left:
        case Qt.Key_Right:
            if (root.currentRow && Looks.isGrouped)
                ServicesModel.fold(root.currentRow.group, event.key === Qt.Key_Left);
            break;
        case Qt.Key_Return:
        case Qt.Key_Enter:
            if (root.hasService)
                root.opened(root.currentRow.name);
            else if (root.currentRow)
                ServicesModel.fold(root.currentRow.group, !root.currentRow.isFolded);
            break;
        case Qt.Key_Menu:
            root.menuWanted(root.currentItem);
            break;
        case Qt.Key_F10:
            if (event.modifiers & Qt.ShiftModifier)
                root.menuWanted(root.currentItem);
            break;
        case Qt.Key_Space:
            root.anchorRow = root.currentIndex;
            ServicesModel.select(root.currentIndex);
            break;
        case Qt.Key_Up:
        case Qt.Key_Down:
            if (!(event.modifiers & Qt.ShiftModifier)) {
                root.anchorRow = -1;
                return;
            }
            if (root.anchorRow < 0)
                root.anchorRow = root.currentIndex;
            root.extend(event.key === Qt.Key_Up ? -1 : 1);
            break;
        case Qt.Key_Escape:
            if (ServicesModel.selected.length > 0)
                ServicesModel.clearSelection();
            else if (root.isDetailOpen)
                root.detailLeft();
            else
                root.currentIndex = -1;
            break;
        default:
            return;
        }
        event.accepted = true;
    }

    delegate: ListRow {
        id: delegate

        width: root.width
        height: implicitHeight
        columns: root.columns
        isCurrent: ListView.isCurrentItem
        hasFocusRing: ListView.isCurrentItem && root.activeFocus
        // What waits to be used again is no part of the window, for readers of the screen neither.
        ListView.onPooled: delegate.visible = false
        ListView.onReused: delegate.visible = true
        onPicked: {
            ServicesModel.clearSelection();
            root.anchorRow = delegate.index;
            root.currentIndex = delegate.index;
            root.forceActiveFocus(Qt.MouseFocusReason);
            root.followed();
        }
        onSelectionWanted: {
            // The row that one began with belongs to it.
            if (ServicesModel.selected.length === 0 && root.currentIndex >= 0 && root.currentIndex !== delegate.index)
                ServicesModel.select(root.currentIndex);
            ServicesModel.select(delegate.index);
            root.anchorRow = delegate.index;
            root.currentIndex = delegate.index;
            root.forceActiveFocus(Qt.MouseFocusReason);
        }
        onRangeWanted: {
            if (root.anchorRow < 0)
                root.anchorRow = Math.max(0, root.currentIndex);
            ServicesModel.selectRange(root.anchorRow, delegate.index);
            root.currentIndex = delegate.index;
            root.forceActiveFocus(Qt.MouseFocusReason);
        }
        onOpened: root.opened(delegate.name)
        onMenuWanted: anchor => {
            root.currentIndex = delegate.index;
            root.menuWanted(anchor);
        }
    }
}
