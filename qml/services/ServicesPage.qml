pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// The list of services.
FocusScope {
    id: root

    readonly property RowFacts currentRow: list.currentItem as RowFacts
    readonly property bool hasService: currentRow !== null && !currentRow.isHeading

    function focusFilter() {
        toolbar.focusFilter();
    }

    function focusList() {
        list.forceActiveFocus(Qt.TabFocusReason);
    }

    function goTo(row: int) {
        if (row < 0)
            return;
        list.currentIndex = row;
        list.positionViewAtIndex(row, ListView.Contain);
        root.focusList();
    }

    function copyUrl() {
        clipboard.copyText(root.currentRow.url);
    }

    function goToProblem(isForward: bool) {
        root.goTo(ServicesModel.nextProblem(list.currentIndex, isForward));
    }

    function openMenu(anchor: Item) {
        if (!root.hasService)
            return;
        menu.row = root.currentRow;
        if (anchor)
            menu.popup(anchor, 0, anchor.height + 2);
        else
            menu.popup();
    }

    Columns {
        id: tableColumns

        width: root.width
    }

    ServicesToolbar {
        id: toolbar

        width: parent.width
        columns: tableColumns
        onFilterLeft: root.focusList()
    }

    ColumnHeads {
        id: heads

        anchors.top: toolbar.bottom
        width: parent.width
        columns: tableColumns
        visible: !tableColumns.isCompact
        height: visible ? implicitHeight : Metrics.lineWidth
    }

    ListView {
        id: list

        anchors.top: heads.bottom
        anchors.bottom: parent.bottom
        width: parent.width
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

        Keys.onPressed: event => {
            switch (event.key) {
            case Qt.Key_Home:
                list.currentIndex = 0;
                break;
            case Qt.Key_End:
                list.currentIndex = list.count - 1;
                break;
            case Qt.Key_Left:
            case Qt.Key_Right:
                if (root.currentRow)
                    ServicesModel.fold(root.currentRow.group, event.key === Qt.Key_Left);
                break;
            case Qt.Key_Menu:
                root.openMenu(list.currentItem);
                break;
            case Qt.Key_F10:
                if (event.modifiers & Qt.ShiftModifier)
                    root.openMenu(list.currentItem);
                break;
            case Qt.Key_Escape:
                list.currentIndex = -1;
                break;
            default:
                return;
            }
            event.accepted = true;
        }

        delegate: ListRow {
            id: delegate

            width: list.width
            height: implicitHeight
            columns: tableColumns
            isCurrent: ListView.isCurrentItem
            hasFocusRing: ListView.isCurrentItem && list.activeFocus
            // What waits to be used again is no part of the window, for readers of the screen neither.
            ListView.onPooled: delegate.visible = false
            ListView.onReused: delegate.visible = true
            onPicked: {
                list.currentIndex = delegate.index;
                list.forceActiveFocus(Qt.MouseFocusReason);
            }
            onMenuWanted: anchor => {
                list.currentIndex = delegate.index;
                root.openMenu(anchor);
            }
        }
    }

    EmptyState {
        anchors.fill: list
        visible: list.count === 0 && App.link !== App.Connecting
        title: ServicesModel.isFiltered ? qsTr("No service matches") : App.link === App.Stale ? qsTr("No engine") : qsTr("No services yet")
        sentence: ServicesModel.isFiltered ? "" : App.link === App.Stale ? App.linkReason : qsTr("Define one in %1; it appears here when the file is saved.").arg(Supervisor.configPath)
        step: ServicesModel.isFiltered ? qsTr("Clear filter") : App.link === App.Stale ? qsTr("Start engine") : ""
        onStepTaken: {
            if (ServicesModel.isFiltered)
                toolbar.clear();
            else
                App.startEngine();
        }
    }

    ServiceMenu {
        id: menu

        onCopyWanted: text => clipboard.copyText(text)
        onClosed: root.focusList()
    }

    TextEdit {
        id: clipboard

        function copyText(text: string) {
            clipboard.text = text;
            clipboard.selectAll();
            clipboard.copy();
            clipboard.text = "";
        }

        visible: false
        Accessible.ignored: true
    }
}
