pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// The event broadcast channel: whether it is on, what went over it, who listens, and whose events are taken in.
FocusScope {
    id: root

    readonly property real inset: root.width < Metrics.px(640) ? Metrics.px(12) : Metrics.inset
    property bool isOfSources: false
    readonly property bool isActive: Supervisor.eventBroadcastEnabled && Supervisor.eventSubscriberCount > 0

    signal leaving
    signal copyWanted(string text)

    Keys.onEscapePressed: root.leaving()

    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("Events")

    component Figure: Row {
        id: figure

        property string label: ""
        property string value: ""

        spacing: Metrics.px(6)

        PlainText {
            text: figure.label
            color: Theme.text2
            Accessible.ignored: true
        }

        PlainText {
            text: figure.value === "" ? "–" : figure.value
            font: Metrics.name
            Accessible.name: figure.label + " " + text
        }
    }

    Records {
        id: channel

        source: "events"
        isActive: root.visible
    }

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

    Column {
        id: top

        x: root.inset
        y: Metrics.px(20)
        width: parent.width - 2 * x
        spacing: Metrics.px(12)

        Flow {
            width: parent.width
            spacing: Metrics.px(12)

            Row {
                spacing: Metrics.gap

                Glyph {
                    anchors.verticalCenter: parent.verticalCenter
                    source: Glyphs.named(root.isActive ? "state-running" : "state-idle")
                    color: root.isActive ? Theme.ok : Theme.idle
                }

                PlainText {
                    height: Metrics.control
                    text: qsTr("Events: %1").arg(Words.ofEvents(Supervisor.eventBroadcastEnabled, Supervisor.eventSubscriberCount))
                    font: Metrics.title
                    Accessible.role: Accessible.Heading
                }
            }

            BaseSwitch {
                height: Metrics.control
                text: qsTr("Broadcast events")
                hint: qsTr("Sets events.enabled in the configuration; its history can take that back")
                enabled: App.link === App.Live
                checked: Supervisor.eventBroadcastEnabled
                onToggled: {
                    Actions.broadcastEvents(checked);
                    // What is shown is what is, also when the engine refuses.
                    checked = Qt.binding(() => Supervisor.eventBroadcastEnabled);
                }
            }

            BaseButton {
                text: qsTr("Emit test event")
                enabled: Supervisor.eventBroadcastEnabled && App.link === App.Live
                hint: qsTr("Sends an event of type test to whoever listens")
                onClicked: Actions.emitTestEvent()
            }
        }

        PlainText {
            width: parent.width
            text: qsTr("Whatever happens to the services, as a stream that other programs listen to. Who falls behind is told what it missed.")
            color: Theme.text2
            wrapMode: Text.Wrap
        }

        Callout {
            width: parent.width
            visible: channel.progress === Records.Failed
            height: visible ? implicitHeight : 0
            kind: Callout.Fail
            title: qsTr("The events cannot be read")
            text: channel.trouble
        }

        Repeater {
            model: channel
            delegate: Column {
                id: facts

                required property string url
                required property string link
                required property string emitted
                required property string rate
                required property string gaps
                required property string lost
                required property string kept

                width: parent ? parent.width : 0
                spacing: Metrics.px(12)

                Row {
                    width: parent.width
                    spacing: Metrics.gap

                    BaseTextField {
                        width: Math.min(Metrics.px(440), parent.width - copy.width - Metrics.gap)
                        readOnly: true
                        text: facts.url === "" ? qsTr("HTTP is closed; the doctor says why") : facts.url
                        label: qsTr("Address of the events")
                    }

                    BaseButton {
                        id: copy

                        enabled: facts.link !== ""
                        text: qsTr("Copy URL")
                        onClicked: root.copyWanted(facts.link)
                    }
                }

                Flow {
                    width: parent.width
                    spacing: Metrics.px(20)

                    Figure {
                        label: qsTr("Emitted")
                        value: facts.emitted
                    }

                    Figure {
                        label: qsTr("Per second")
                        value: facts.rate
                    }

                    Figure {
                        label: qsTr("Gaps")
                        value: facts.gaps
                    }

                    Figure {
                        label: qsTr("Missed in them")
                        value: facts.lost
                    }

                    Figure {
                        label: qsTr("Kept for replay")
                        value: facts.kept
                    }
                }
            }
        }
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

    TableHeads {
        id: titles

        anchors.top: tabs.bottom
        width: parent.width
        visible: list.visible
        inset: root.inset
        columns: [
            TableColumn {
                title: qsTr("Peer")
                width: 160
                isFilling: true
            },
            TableColumn {
                title: qsTr("Since")
                width: 160
                isShown: root.width >= Metrics.px(560)
            },
            TableColumn {
                title: qsTr("Sent")
                width: 88
                isRight: true
            },
            TableColumn {
                title: qsTr("Behind")
                width: 88
                isRight: true
            },
            TableColumn {
                title: qsTr("Gaps")
                width: 72
                isRight: true
            }
        ]
    }

    TableList {
        id: list

        focus: false
        anchors.top: titles.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        visible: !root.isOfSources && subscribers.count > 0
        model: subscribers
        label: qsTr("Subscribers")

        delegate: TableRow {
            id: row

            required property int index
            required property string peer
            required property string since
            required property string sent
            required property string gaps
            required property string behind

            width: list.width
            label: [peer, qsTr("since %1").arg(since), qsTr("sent %1").arg(sent), qsTr("behind %1").arg(behind), qsTr("gaps %1").arg(gaps)].join(", ")
            isCurrent: ListView.isCurrentItem && list.activeFocus
            hasFocusRing: isCurrent
            onPicked: {
                list.currentIndex = row.index;
                list.forceActiveFocus(Qt.MouseFocusReason);
            }

            TableCell {
                heads: titles
                column: 0
                text: row.peer
                color: Theme.text
            }

            TableCell {
                heads: titles
                column: 1
                text: row.since
            }

            TableCell {
                heads: titles
                column: 2
                text: row.sent
            }

            TableCell {
                heads: titles
                column: 3
                text: row.behind
            }

            TableCell {
                heads: titles
                column: 4
                text: row.gaps
            }
        }
    }

    TableHeads {
        id: sourceTitles

        anchors.top: tabs.bottom
        width: parent.width
        visible: sourceList.visible
        inset: root.inset
        columns: [
            TableColumn {
                title: qsTr("Source")
                width: 160
            },
            TableColumn {
                title: qsTr("State")
                width: 200
                isFilling: true
            },
            TableColumn {
                title: qsTr("Last event")
                width: 160
                isShown: root.width >= Metrics.px(720)
            },
            TableColumn {
                title: qsTr("Taken in")
                width: 88
                isRight: true
            },
            TableColumn {
                title: qsTr("Left out")
                width: 88
                isRight: true
            }
        ]
    }

    TableList {
        id: sourceList

        focus: false
        anchors.top: sourceTitles.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        visible: root.isOfSources && sources.count > 0
        model: sources
        label: qsTr("Sources")

        delegate: TableRow {
            id: source

            required property int index
            required property string origin
            required property string doing
            required property string trouble
            required property string stream
            required property string taken
            required property string leftOut
            required property string latest

            readonly property string story: source.trouble === "" ? source.doing : source.doing + ": " + source.trouble

            width: sourceList.width
            label: [source.origin, story, qsTr("taken in %1").arg(taken), qsTr("left out %1").arg(leftOut)].join(", ")
            isCurrent: ListView.isCurrentItem && sourceList.activeFocus
            hasFocusRing: isCurrent
            onPicked: {
                sourceList.currentIndex = source.index;
                sourceList.forceActiveFocus(Qt.MouseFocusReason);
            }

            TableCell {
                heads: sourceTitles
                column: 0
                text: source.origin
                color: Theme.text
            }

            TableCell {
                heads: sourceTitles
                column: 1
                text: source.story
                color: source.trouble === "" ? Theme.text2 : Theme.fail
            }

            TableCell {
                heads: sourceTitles
                column: 2
                text: source.latest
            }

            TableCell {
                heads: sourceTitles
                column: 3
                text: source.taken
            }

            TableCell {
                heads: sourceTitles
                column: 4
                text: source.leftOut
            }

            Hint {
                text: source.stream === "" ? source.story : source.stream + "\n" + source.story
                isWanted: source.isHovered
            }
        }
    }
}
