pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// One service: who it is, what can be done, and a tab for each side of it.
FocusScope {
    id: root

    enum Tab {
        Overview,
        Logs,
        Metrics,
        Incidents,
        Configuration,
        Environment
    }

    property string service: ""
    property string instance: ""
    property bool isShown: false
    property bool isAlone: false
    property int tab: DetailPane.Overview
    property bool wasOpened: false

    // A tab without a file is not listed.
    readonly property list<string> files: ["OverviewTab.qml", "../logs/LogsTab.qml", "../metrics/MetricsTab.qml", "IncidentsTab.qml", "../config/ConfigurationTab.qml", "EnvironmentTab.qml"]
    readonly property real inset: root.width < Metrics.px(640) ? Metrics.px(12) : Metrics.px(20)

    signal closed
    signal opened(string service)
    signal menuWanted(Item anchor)

    onServiceChanged: root.instance = ""
    // Nothing of it is made before it is needed.
    onIsShownChanged: if (root.isShown)
        root.wasOpened = true

    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("Details of %1").arg(root.service)

    function titleOf(tab: int): string {
        switch (tab) {
        case DetailPane.Overview:
            return qsTr("Overview");
        case DetailPane.Logs:
            return qsTr("Logs");
        case DetailPane.Metrics:
            return qsTr("Metrics");
        case DetailPane.Incidents:
            return qsTr("Incidents");
        case DetailPane.Configuration:
            return qsTr("Configuration");
        default:
            return qsTr("Environment");
        }
    }

    function show(tab: int) {
        if (root.files[tab] !== "")
            root.tab = tab;
    }

    function focusTabs() {
        tabs.forceActiveFocus(Qt.TabFocusReason);
    }

    Keys.onEscapePressed: root.closed()

    component TabKey: Shortcut {
        required property int tab

        enabled: root.isShown
        sequence: "Alt+" + (tab + 1)
        onActivated: {
            root.show(tab);
            root.focusTabs();
        }
    }

    TabKey {
        tab: DetailPane.Overview
    }

    TabKey {
        tab: DetailPane.Logs
    }

    TabKey {
        tab: DetailPane.Metrics
    }

    TabKey {
        tab: DetailPane.Incidents
    }

    TabKey {
        tab: DetailPane.Configuration
    }

    TabKey {
        tab: DetailPane.Environment
    }

    Rectangle {
        anchors.fill: parent
        color: Theme.base
    }

    DetailHead {
        id: head

        width: parent.width
        service: root.service
        instance: root.instance
        isShown: root.isShown
        hasBack: root.isAlone
        inset: root.inset
        onClosed: root.closed()
        onMenuWanted: anchor => root.menuWanted(anchor)
        onInstanceLeft: root.instance = ""
    }

    Records {
        id: incidents

        source: "incidents"
        subject: root.service
        isActive: root.isShown
    }

    TabStrip {
        id: tabs

        anchors.top: head.bottom
        x: root.inset - Metrics.px(12)
        width: parent.width - 2 * x
        clip: true
        focus: true
        label: qsTr("Details")

        Repeater {
            model: root.files.length
            delegate: TabButton {
                required property int index

                height: Metrics.tabHeight
                focus: isCurrent
                visible: root.files[index] !== ""
                text: root.titleOf(index)
                keys: "Alt+" + (index + 1)
                isCurrent: root.tab === index
                badge: index === DetailPane.Incidents ? incidents.count : 0
                onClicked: root.show(index)
            }
        }
    }

    Rectangle {
        id: line

        anchors.top: tabs.bottom
        width: parent.width
        height: Metrics.lineWidth
        color: Theme.line
    }

    Repeater {
        model: root.files.length
        delegate: Loader {
            id: page

            required property int index
            property bool wasShown: index === DetailPane.Overview
            readonly property bool isCurrent: root.tab === index

            anchors.top: line.bottom
            anchors.bottom: root.bottom
            width: root.width
            visible: isCurrent
            active: root.files[index] !== "" && root.wasOpened && wasShown
            source: root.files[index] === "" ? "" : Qt.resolvedUrl(root.files[index])
            onIsCurrentChanged: if (isCurrent)
                wasShown = true

            Binding {
                target: page.item
                property: "service"
                value: root.service
            }

            Binding {
                target: page.item
                property: "instance"
                value: root.instance
            }

            Binding {
                target: page.item
                property: "isShown"
                value: root.isShown && page.isCurrent
            }

            Binding {
                target: page.item as OverviewTab
                property: "hasLog"
                value: root.files[DetailPane.Logs] !== ""
                when: (page.item as OverviewTab) !== null
            }

            Connections {
                target: page.item as OverviewTab

                function onOpened(service) {
                    root.opened(service);
                }

                function onLogWanted() {
                    root.show(DetailPane.Logs);
                }

                function onIncidentWanted() {
                    root.show(DetailPane.Incidents);
                }

                function onInstancePicked(instance) {
                    root.instance = instance;
                }
            }
        }
    }
}
