pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// The event broadcast channel: whether it is on, what went over it, who listens, and whose events are taken in.
FocusScope {
    id: root

    readonly property real inset: root.width < Metrics.px(640) ? Metrics.px(12) : Metrics.inset
    property bool isOfSources: false

    signal leaving
    signal copyWanted(string text)

    Keys.onEscapePressed: root.leaving()

    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("Events")

    Records {
        id: subscribers

        source: "subscribers"
        isActive: root.visible
    }

    Records {
        id: sources

        source: "sources"
        isActive: root.visible
    }

    ChannelHead {
        id: top

        x: root.inset
        y: Metrics.px(20)
        width: parent.width - 2 * x
        isShown: root.visible
        onCopyWanted: text => root.copyWanted(text)
    }

    TabStrip {
        id: tabs

        anchors.top: top.bottom
        anchors.topMargin: Metrics.gap
        x: root.inset - Metrics.px(12)
        width: parent.width - 2 * x
        focus: true
        label: qsTr("Who is at the channel")

        TabButton {
            height: Metrics.tabHeight
            focus: isCurrent
            text: qsTr("Subscribers")
            badge: subscribers.count
            isCurrent: !root.isOfSources
            onClicked: root.isOfSources = false
        }

        TabButton {
            height: Metrics.tabHeight
            focus: isCurrent
            text: qsTr("Sources")
            badge: sources.count
            isCurrent: root.isOfSources
            onClicked: root.isOfSources = true
        }
    }

    PlainText {
        anchors.top: tabs.bottom
        anchors.topMargin: Metrics.gap
        x: root.inset
        width: parent.width - 2 * x
        visible: root.isOfSources && sources.count === 0 && sources.progress === Records.Ready
        text: qsTr("No other streams are taken in. [[events.sources]] in the configuration names them.")
        color: Theme.text2
        wrapMode: Text.Wrap
    }

    PlainText {
        anchors.top: tabs.bottom
        anchors.topMargin: Metrics.gap
        x: root.inset
        width: parent.width - 2 * x
        visible: !root.isOfSources && subscribers.count === 0 && subscribers.progress === Records.Ready
        text: qsTr("Nobody listens. In a terminal: ostler events --follow")
        color: Theme.text2
        wrapMode: Text.Wrap
    }

    SubscribersTable {
        anchors.top: tabs.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        visible: !root.isOfSources && subscribers.count > 0
        records: subscribers
        inset: root.inset
    }

    SourcesTable {
        anchors.top: tabs.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        visible: root.isOfSources && sources.count > 0
        records: sources
        inset: root.inset
    }
}
