pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// The list of services, and beside it or in its place the one that is opened.
FocusScope {
    id: root

    readonly property RowFacts currentRow: list.currentItem as RowFacts
    readonly property string currentService: hasService ? currentRow.name : ""
    readonly property bool hasService: currentRow !== null && !currentRow.isHeading
    property list<string> together: []
    readonly property bool isTogether: root.together.length > 0
    readonly property bool isDetailOpen: detail.service !== "" || root.isTogether
    readonly property bool isDetailAlone: isDetailOpen && root.width < Metrics.px(960)
    readonly property bool hasSplitter: isDetailOpen && root.width >= Metrics.px(1180)
    readonly property real listWidth: !isDetailOpen ? root.width : isDetailAlone ? 0 : hasSplitter ? splitter.position : Metrics.px(400)

    // Shows one service, beside the list or in its place.
    function openDetail(service: string) {
        root.together = [];
        detail.service = service;
        if (root.hasService && root.currentRow.name !== service)
            list.currentIndex = ServicesModel.rowOf(service);
        detail.focusTabs();
    }

    // The logs of several services in one.
    function showTogether(services: list<string>) {
        detail.service = "";
        root.together = services;
        togetherPane.forceActiveFocus(Qt.TabFocusReason);
    }

    function closeDetail() {
        detail.service = "";
        root.together = [];
        root.focusList();
    }

    function showTab(tab: int) {
        if (detail.service === "" && root.hasService)
            root.openDetail(root.currentRow.name);
        detail.show(tab);
    }

    // What is opened goes with what is picked in the list.
    function follow() {
        if (detail.service !== "" && root.hasService)
            detail.service = root.currentRow.name;
    }

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
        root.follow();
        root.focusList();
    }

    function goToProblem(isForward: bool) {
        root.goTo(ServicesModel.nextProblem(list.currentIndex, isForward));
    }

    // Asks before several services stop or restart; none named means all.
    function askOrder(intent: int, names: list<string>) {
        order.ask(intent, names);
    }

    // Moves with Shift: selects all from where it began.
    function extend(step: int) {
        const to = Math.max(0, Math.min(list.count - 1, list.currentIndex + step));
        list.currentIndex = to;
        ServicesModel.selectRange(list.anchorRow, to);
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

        width: root.listWidth
    }

    ServicesToolbar {
        id: toolbar

        anchors.left: parent.left
        width: root.listWidth
        visible: !root.isDetailAlone && !onboarding.visible && ServicesModel.selected.length < 2
        columns: tableColumns
        onFilterLeft: root.focusList()
    }

    SelectionBar {
        anchors.left: parent.left
        width: root.listWidth
        columns: tableColumns
        visible: !root.isDetailAlone && !toolbar.visible
        onOrderWanted: intent => root.askOrder(intent, ServicesModel.selected)
        onLogsWanted: root.showTogether(ServicesModel.selected)
    }

    ColumnHeads {
        id: heads

        anchors.top: toolbar.bottom
        anchors.left: parent.left
        width: root.listWidth
        columns: tableColumns
        visible: !tableColumns.isCompact && !onboarding.visible
        height: visible ? implicitHeight : Metrics.lineWidth
    }

    ListView {
        id: list

        // Where a selection with Shift began.
        property int anchorRow: -1

        anchors.top: heads.bottom
        anchors.bottom: parent.bottom
        anchors.left: parent.left
        width: root.listWidth
        visible: !root.isDetailAlone
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
            root.follow()

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
                if (root.currentRow && Looks.isGrouped)
                    ServicesModel.fold(root.currentRow.group, event.key === Qt.Key_Left);
                break;
            case Qt.Key_Return:
            case Qt.Key_Enter:
                if (root.hasService)
                    root.openDetail(root.currentRow.name);
                else if (root.currentRow)
                    ServicesModel.fold(root.currentRow.group, !root.currentRow.isFolded);
                break;
            case Qt.Key_Menu:
                root.openMenu(list.currentItem);
                break;
            case Qt.Key_F10:
                if (event.modifiers & Qt.ShiftModifier)
                    root.openMenu(list.currentItem);
                break;
            case Qt.Key_Space:
                list.anchorRow = list.currentIndex;
                ServicesModel.select(list.currentIndex);
                break;
            case Qt.Key_Up:
            case Qt.Key_Down:
                if (!(event.modifiers & Qt.ShiftModifier)) {
                    list.anchorRow = -1;
                    return;
                }
                if (list.anchorRow < 0)
                    list.anchorRow = list.currentIndex;
                root.extend(event.key === Qt.Key_Up ? -1 : 1);
                break;
            case Qt.Key_Escape:
                if (ServicesModel.selected.length > 0)
                    ServicesModel.clearSelection();
                else if (root.isDetailOpen)
                    root.closeDetail();
                else
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
                ServicesModel.clearSelection();
                list.anchorRow = delegate.index;
                list.currentIndex = delegate.index;
                list.forceActiveFocus(Qt.MouseFocusReason);
                root.follow();
            }
            onSelectionWanted: {
                // The row that one began with belongs to it.
                if (ServicesModel.selected.length === 0 && list.currentIndex >= 0 && list.currentIndex !== delegate.index)
                    ServicesModel.select(list.currentIndex);
                ServicesModel.select(delegate.index);
                list.anchorRow = delegate.index;
                list.currentIndex = delegate.index;
                list.forceActiveFocus(Qt.MouseFocusReason);
            }
            onRangeWanted: {
                if (list.anchorRow < 0)
                    list.anchorRow = Math.max(0, list.currentIndex);
                ServicesModel.selectRange(list.anchorRow, delegate.index);
                list.currentIndex = delegate.index;
                list.forceActiveFocus(Qt.MouseFocusReason);
            }
            onOpened: root.openDetail(delegate.name)
            onMenuWanted: anchor => {
                list.currentIndex = delegate.index;
                root.openMenu(anchor);
            }
        }
    }

    EmptyState {
        anchors.fill: list
        visible: list.count === 0 && !root.isDetailAlone && !onboarding.visible && App.link !== App.Connecting
        title: ServicesModel.isFiltered ? qsTr("No service matches") : App.link === App.Stale ? qsTr("No engine") : qsTr("No services yet")
        sentence: ServicesModel.isFiltered ? "" : App.link === App.Stale ? App.linkReason : qsTr("Define one in %1; it appears here when the file is saved.").arg(Supervisor.configPath)
        step: ServicesModel.isFiltered ? qsTr("Clear filter") : App.waitsForConfig ? qsTr("Edit Config") : App.link === App.Stale ? qsTr("Start engine") : ""
        otherStep: !ServicesModel.isFiltered && App.waitsForConfig ? qsTr("Try again") : ""
        onStepTaken: {
            if (ServicesModel.isFiltered)
                toolbar.clear();
            else if (App.waitsForConfig)
                ConfigDocument.openEditor(ConfigDocument.MistakeView, "");
            else
                App.startEngine();
        }
        onOtherStepTaken: App.startEngine()
    }

    OnboardingPage {
        id: onboarding

        anchors.fill: parent
        visible: list.count === 0 && !root.isDetailAlone && !ServicesModel.isFiltered && App.link === App.Live
    }

    ServiceMenu {
        id: menu

        onDetailWanted: service => root.openDetail(service)
        onClosed: if (!detail.activeFocus && !togetherPane.activeFocus)
            root.focusList()
    }

    Splitter {
        id: splitter

        anchors.top: parent.top
        anchors.bottom: parent.bottom
        anchors.left: parent.left
        anchors.leftMargin: root.listWidth - width / 2
        z: 1
        visible: root.hasSplitter
        least: Metrics.px(360)
        most: root.width - Metrics.px(480)
        wanted: Settings.pane("services", root.width >= Metrics.px(1600) ? Metrics.px(600) : Metrics.px(456))
        onMoved: position => Settings.keepPane("services", position)
    }

    Rectangle {
        anchors.left: detail.left
        width: Metrics.lineWidth
        height: parent.height
        z: 1
        visible: root.isDetailOpen && !root.isDetailAlone
        color: Theme.line
    }

    DetailPane {
        id: detail

        anchors.left: parent.left
        anchors.leftMargin: root.listWidth
        anchors.right: parent.right
        anchors.top: parent.top
        anchors.bottom: parent.bottom
        visible: detail.service !== ""
        isShown: detail.service !== ""
        isAlone: root.isDetailAlone
        onClosed: root.closeDetail()
        onOpened: service => root.openDetail(service)
        onMenuWanted: anchor => root.openMenu(anchor)
    }

    TogetherPane {
        id: togetherPane

        anchors.fill: detail
        visible: root.isTogether
        services: root.together
        isAlone: root.isDetailAlone
        onClosed: root.closeDetail()
    }

    OrderServicesDialog {
        id: order

        onClosed: root.focusList()
    }
}
