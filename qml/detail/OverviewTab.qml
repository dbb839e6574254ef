import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// How a service is, why, and what it hangs together with.
FocusScope {
    id: root

    property string service: ""
    property string instance: ""
    property bool isShown: false
    property bool hasLog: false

    readonly property real inset: root.width < Metrics.px(640) ? Metrics.px(12) : Metrics.px(20)
    readonly property bool isWide: column.width >= Metrics.px(680)

    signal opened(string service)
    signal logWanted
    signal incidentWanted
    signal instancePicked(string instance)

    Flickable {
        id: page

        anchors.fill: parent
        contentHeight: column.implicitHeight + 2 * root.inset
        boundsBehavior: Flickable.StopAtBounds
        clip: true
        T.ScrollBar.vertical: BaseScrollBar {
        }

        FocusFollower {
            view: page
        }

        Column {
            id: column

            x: root.inset
            y: root.inset - Metrics.px(4)
            width: Math.min(page.width - 2 * root.inset, Metrics.px(1120))
            spacing: Metrics.px(20)

            WhyBlock {
                width: parent.width
                service: root.service
                isShown: root.isShown
                hasLog: root.hasLog
                onOpened: service => root.opened(service)
                onLogWanted: root.logWanted()
                onIncidentWanted: root.incidentWanted()
                onProbesWanted: probes.askNow()
            }

            HappenedList {
                width: parent.width
                service: root.service
                isShown: root.isShown
            }

            PhaseBand {
                width: parent.width
                service: root.service
                isShown: root.isShown
            }

            Flow {
                width: parent.width
                visible: probes.isThere || graph.isThere
                spacing: Metrics.px(24)

                ProbeList {
                    id: probes

                    width: root.isWide && graph.isThere ? Metrics.px(288) : column.width
                    service: root.service
                    isShown: root.isShown
                }

                DependencyGraph {
                    id: graph

                    width: root.isWide && probes.isThere ? column.width - probes.width - Metrics.px(24) : column.width
                    service: root.service
                    isShown: root.isShown
                    onOpened: service => root.opened(service)
                }
            }

            SlotsTable {
                width: parent.width
                service: root.service
                isShown: root.isShown
                picked: root.instance
                onPickedOne: instance => root.instancePicked(instance)
            }
        }
    }

    Shortcut {
        sequence: "F5"
        enabled: root.isShown
        onActivated: probes.askNow()
    }
}
