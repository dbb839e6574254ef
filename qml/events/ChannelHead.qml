pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// The channel itself: whether it is on, where it is, and what went over it.
Column {
    id: root

    property bool isShown: false
    readonly property bool isActive: Supervisor.eventBroadcastEnabled && Supervisor.eventSubscriberCount > 0

    signal copyWanted(string text)

    spacing: Metrics.px(12)

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
        isActive: root.isShown
    }

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
