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

    ServicesList {
        id: list

        anchors.top: heads.bottom
        anchors.bottom: parent.bottom
        anchors.left: parent.left
        width: root.listWidth
        visible: !root.isDetailAlone
        columns: tableColumns
        isDetailOpen: root.isDetailOpen
        onFollowed: root.follow()
        onOpened: service => root.openDetail(service)
        onMenuWanted: anchor => root.openMenu(anchor)
        onDetailLeft: root.closeDetail()
    }

    ServicesEmpty {
        anchors.fill: list
        visible: list.count === 0 && !root.isDetailAlone && !onboarding.visible && App.link !== App.Connecting
        onClearWanted: toolbar.clear()
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
