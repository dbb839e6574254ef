pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// Why a service is not well, and what to do next. Nothing when it is well.
Item {
    id: root

    property string service: ""
    property bool isShown: false
    property bool hasLog: false

    signal opened(string service)
    signal logWanted
    signal incidentWanted
    signal probesWanted

    visible: block.count > 0
    implicitHeight: blocks.implicitHeight

    function take(step: int, service: string) {
        switch (step) {
        case Detail.StartAgain:
            ServicesModel.start(service);
            break;
        case Detail.RestartIt:
        case Detail.RestartNow:
            ServicesModel.restart(service);
            break;
        case Detail.UsePort:
            Actions.useFreePort(service);
            break;
        case Detail.AskProbes:
            root.probesWanted();
            break;
        case Detail.OpenService:
            root.opened(service);
            break;
        case Detail.ShowLog:
            root.logWanted();
            break;
        case Detail.ShowIncident:
            root.incidentWanted();
            break;
        }
    }

    Records {
        id: block

        source: "callout"
        subject: root.service
        isActive: root.isShown
    }

    Records {
        id: steps

        source: "steps"
        subject: root.service
        isActive: root.isShown
    }

    component Part: PlainText {
        width: parent.width
        visible: text !== ""
        wrapMode: Text.Wrap
        maximumLineCount: 6
    }

    Column {
        id: blocks

        width: root.width

        Repeater {
            model: block
            delegate: Rectangle {
                id: why

                required property int tone
                required property string cause
                required property list<string> details
                required property string decision
                required property list<string> chain

                width: blocks.width
                height: parts.implicitHeight + Metrics.px(24)
                radius: Metrics.radius
                color: Theme.tones[why.tone]
                border.width: Theme.isContrast ? Metrics.lineWidth : 0
                border.color: Theme.edge

                Column {
                    id: parts

                    x: Metrics.inset
                    y: Metrics.px(12)
                    width: parent.width - 2 * x
                    spacing: Metrics.px(4)

                    Part {
                        text: why.cause
                        font: Metrics.headline
                        Accessible.role: Accessible.Heading
                        Accessible.name: text
                    }

                    Part {
                        text: why.details.join("\n")
                    }

                    Part {
                        text: why.decision
                        font: Metrics.small
                        color: Theme.text2
                    }

                    Part {
                        visible: why.chain.length > 0
                        //: The causes behind a state, from the nearest to the farthest
                        text: qsTr("Because: %1").arg(why.chain.join("  ←  "))
                        font: Metrics.small
                        color: Theme.text2
                    }

                    Flow {
                        width: parent.width
                        topPadding: Metrics.gap
                        visible: steps.count > 0
                        spacing: Metrics.gap

                        Repeater {
                            model: steps
                            delegate: BaseButton {
                                required property int index
                                required property int step
                                required property string service
                                required property int port

                                visible: step !== Detail.ShowLog || root.hasLog
                                isPrimary: index === 0
                                text: Words.ofStep(step, service, port)
                                hint: step === Detail.UsePort ? Words.ofPortChange() : ""
                                onClicked: root.take(step, service)
                            }
                        }
                    }
                }
            }
        }
    }
}
