pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// What a service needs, the service, and what needs it.
Column {
    id: root

    property string service: ""
    property bool isShown: false

    readonly property real gap: Metrics.px(root.width < Metrics.px(520) ? 20 : 32)
    readonly property real nodeWidth: Math.min(Metrics.px(200), Math.floor((root.width - 2 * root.gap) / 3))
    readonly property real step: Metrics.px(36)

    readonly property bool isThere: nodes.count > 0
    // Without anything that it needs, the service stands first.
    readonly property bool hasNeeds: nodes.count > 0 && nodes.value(0, "column") === Detail.Needs
    readonly property real shift: root.hasNeeds ? 0 : root.nodeWidth + root.gap

    signal opened(string service)

    visible: isThere
    spacing: Metrics.px(4)
    Accessible.role: Accessible.List
    Accessible.name: qsTr("Dependencies, in start order")

    function xOf(column: int): real {
        return (column === Detail.Needs ? 0 : column === Detail.Itself ? 1 : 2) * (root.nodeWidth + root.gap) - root.shift;
    }

    Records {
        id: nodes

        source: "graph"
        subject: root.service
        isActive: root.isShown
    }

    SectionTitle {
        width: parent.width
        text: qsTr("Dependencies")
    }

    Item {
        id: field

        // As the charts, it goes from left to right in every language.
        LayoutMirroring.enabled: false
        LayoutMirroring.childrenInherit: true
        width: root.width
        height: childrenRect.height

        Repeater {
            model: nodes
            delegate: Item {
                id: spot

                required property string service
                required property string text
                required property int column
                required property real row
                required property real middle
                required property int phase
                required property string condition

                readonly property bool isItself: column === Detail.Itself

                y: row * root.step
                width: field.width
                height: root.step

                GraphNode {
                    id: node

                    x: root.xOf(spot.column)
                    width: root.nodeWidth
                    anchors.verticalCenter: parent.verticalCenter
                    text: spot.text
                    phase: spot.phase
                    condition: spot.condition
                    isItself: spot.isItself
                    onClicked: if (spot.service !== "" && !spot.isItself)
                        root.opened(spot.service)
                }

                GraphEdge {
                    visible: !spot.isItself
                    x: spot.column === Detail.Needs ? root.nodeWidth : 2 * root.nodeWidth + root.gap - root.shift
                    width: root.gap
                    own: parent.height / 2
                    middle: (spot.middle - spot.row) * root.step + parent.height / 2
                    isLeft: spot.column === Detail.Needs
                }
            }
        }
    }
}
