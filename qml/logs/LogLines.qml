pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// The lines. At the end they follow what is written; away from it they stand still.
FocusScope {
    id: root

    required property LogModel logModel
    property bool isWrapped: true
    property string name: ""
    // The other end of the selection; it reaches to the current line.
    property int anchorRow: -1
    // How far lines that are not wrapped are moved to the left.
    property real shift: 0
    property bool isKeyboardUsed: false

    readonly property list<string> inks: [Theme.fail, Theme.ok, Theme.warn, Theme.busy, Theme.codeTable, Theme.codeKey, Theme.text3, Theme.isDark ? Theme.text : Theme.findInk, Theme.findInk, Theme.find, Theme.findCurrent].map(color => color.toString())

    signal copyWanted
    signal findWanted

    function lastRow(): int {
        const row = list.indexAt(0, list.contentY + list.height - Metrics.px(2));
        return row < 0 ? list.count - 1 : row;
    }

    function follow() {
        root.anchorRow = -1;
        list.currentIndex = -1;
        root.logModel.follow();
        list.positionViewAtEnd();
    }

    function goTo(row: int) {
        root.logModel.pause();
        root.anchorRow = row;
        list.currentIndex = row;
        list.positionViewAtIndex(row, ListView.Center);
    }

    function pick(row: int, isExtending: bool) {
        if (row < 0 || row >= list.count)
            return;
        root.logModel.pause();
        if (!isExtending || root.anchorRow < 0)
            root.anchorRow = row;
        list.currentIndex = row;
        list.positionViewAtIndex(row, ListView.Contain);
    }

    function selectedText(): string {
        return list.currentIndex < 0 ? root.logModel.lines(0, list.count - 1) : root.logModel.lines(root.anchorRow, list.currentIndex);
    }

    function isSelected(row: int): bool {
        return list.currentIndex >= 0 && row >= Math.min(root.anchorRow, list.currentIndex) && row <= Math.max(root.anchorRow, list.currentIndex);
    }

    function pageRows(): int {
        return Math.max(1, Math.floor(list.height / Metrics.logLine) - 1);
    }

    onIsWrappedChanged: root.shift = 0

    ListView {
        id: list

        // Where the person looks while older lines come in above it.
        property int heldRow: -1
        property real heldOffset: 0
        property int heldAdded: 0

        function hold() {
            if (list.heldRow >= 0 || root.logModel.isFollowing)
                return;
            list.heldRow = list.indexAt(0, list.contentY + 1);
            const item = list.itemAtIndex(list.heldRow);
            list.heldOffset = item ? list.contentY - item.y : 0;
            list.heldAdded = 0;
        }

        function restore() {
            if (list.heldRow < 0)
                return;
            list.positionViewAtIndex(list.heldRow + list.heldAdded, ListView.Beginning);
            list.contentY += list.heldOffset;
            list.heldRow = -1;
        }

        function followOn() {
            if (root.logModel.isFollowing)
                list.positionViewAtEnd();
        }

        function settle() {
            if (list.atYEnd && !root.logModel.isFollowing && list.currentIndex < 0)
                root.logModel.follow();
        }

        anchors.fill: parent
        topMargin: Metrics.px(6)
        bottomMargin: Metrics.px(6)
        model: root.logModel
        clip: true
        focus: true
        activeFocusOnTab: true
        reuseItems: true
        currentIndex: -1
        highlightFollowsCurrentItem: false
        keyNavigationEnabled: false
        boundsBehavior: Flickable.StopAtBounds
        cacheBuffer: 0

        Accessible.role: Accessible.List
        Accessible.name: root.name

        onHeightChanged: list.followOn()
        onWidthChanged: Qt.callLater(list.followOn)
        onContentYChanged: {
            if (list.moving || bar.pressed) {
                if (root.logModel.isFollowing && !list.atYEnd)
                    root.logModel.pause();
                if (root.logModel.hasOlder && list.contentY - list.originY < list.height)
                    root.logModel.lookBack();
            }
        }
        onMovementEnded: list.settle()

        // Also the release of the Tab key that led here.
        Keys.onReleased: root.isKeyboardUsed = true
        Keys.onPressed: event => {
            const isExtending = (event.modifiers & Qt.ShiftModifier) !== 0;
            const from = list.currentIndex < 0 ? root.lastRow() : list.currentIndex;
            switch (event.key) {
            case Qt.Key_Up:
                root.pick(list.currentIndex < 0 ? from : from - 1, isExtending);
                break;
            case Qt.Key_Down:
                root.pick(list.currentIndex < 0 ? from : from + 1, isExtending);
                break;
            case Qt.Key_PageUp:
                root.pick(Math.max(0, from - root.pageRows()), isExtending);
                break;
            case Qt.Key_PageDown:
                root.pick(Math.min(list.count - 1, from + root.pageRows()), isExtending);
                break;
            case Qt.Key_Home:
                root.pick(0, isExtending);
                break;
            case Qt.Key_End:
                root.follow();
                break;
            case Qt.Key_Left:
            case Qt.Key_Right:
                if (root.isWrapped)
                    return;
                root.shift = Math.max(0, root.shift + (event.key === Qt.Key_Right ? 1 : -1) * Metrics.px(80));
                break;
            case Qt.Key_F8:
                root.pick(root.logModel.problem(from, !isExtending), false);
                break;
            case Qt.Key_A:
                if (!(event.modifiers & Qt.ControlModifier))
                    return;
                root.pick(list.count - 1, false);
                root.anchorRow = 0;
                break;
            case Qt.Key_C:
                if (!(event.modifiers & Qt.ControlModifier))
                    return;
                root.copyWanted();
                break;
            case Qt.Key_Escape:
                if (list.currentIndex < 0)
                    return;
                list.currentIndex = -1;
                break;
            default:
                return;
            }
            if (root.logModel.hasOlder && list.currentIndex >= 0 && list.currentIndex < root.pageRows())
                root.logModel.lookBack();
            event.accepted = true;
        }

        T.ScrollBar.vertical: BaseScrollBar {
            id: bar

            onPressedChanged: if (!pressed)
                list.settle()
        }

        Connections {
            target: root.logModel

            function onRowsAboutToBeInserted(parentIndex: var, first: int) {
                if (first === 0)
                    list.hold();
            }

            function onRowsInserted(parentIndex: var, first: int, last: int) {
                if (root.logModel.isFollowing) {
                    Qt.callLater(list.followOn);
                } else if (first === 0 && list.heldRow >= 0) {
                    const added = last - first + 1;
                    if (list.currentIndex >= 0)
                        root.anchorRow += added;
                    list.heldAdded += added;
                    // The list hears of the new lines after this.
                    Qt.callLater(list.restore);
                }
            }

            function onIsFollowingChanged() {
                Qt.callLater(list.followOn);
            }
        }

        delegate: LogRow {
            required property int index

            width: list.width
            height: implicitHeight
            inks: root.inks
            isWrapped: root.isWrapped
            isMerged: root.logModel.sources.length > 1
            shift: root.shift
            isSelected: root.isSelected(index)
            hasFocusRing: list.currentIndex === index && list.activeFocus
        }
    }

    MouseArea {
        anchors.fill: list
        anchors.rightMargin: bar.width
        acceptedButtons: Qt.LeftButton | Qt.RightButton

        onPressed: event => {
            const row = list.indexAt(0, event.y + list.contentY);
            root.isKeyboardUsed = false;
            list.forceActiveFocus(Qt.MouseFocusReason);
            if (event.button === Qt.LeftButton || !root.isSelected(row))
                root.pick(row, (event.modifiers & Qt.ShiftModifier) !== 0);
            if (event.button === Qt.RightButton)
                menu.popup();
        }
        onPositionChanged: event => {
            const y = Math.max(1, Math.min(list.height - 1, event.y));
            if (event.buttons & Qt.LeftButton)
                root.pick(list.indexAt(0, y + list.contentY) + (event.y < 0 ? -1 : event.y > list.height ? 1 : 0), true);
        }
    }

    BaseMenu {
        id: menu

        BaseMenuItem {
            text: qsTr("Copy")
            keys: "Ctrl+C"
            onTriggered: root.copyWanted()
        }

        BaseMenuItem {
            text: qsTr("Find…")
            keys: "Ctrl+F"
            onTriggered: root.findWanted()
        }

        BaseMenuItem {
            text: qsTr("Follow")
            keys: "End"
            onTriggered: root.follow()
        }
    }

    FocusRing {
        isInside: true
        visible: list.activeFocus && root.isKeyboardUsed && list.currentIndex < 0
    }
}
