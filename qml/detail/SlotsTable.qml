pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// The instances of a service. In a pool one can be picked for the log and the charts.
Column {
    id: root

    property string service: ""
    property string picked: ""
    property bool isShown: false

    readonly property bool isPool: slots.count > 1

    signal pickedOne(string instance)

    visible: slots.count > 0
    Accessible.role: Accessible.List
    Accessible.name: qsTr("Instances")

    Records {
        id: slots

        source: "slots"
        subject: root.service
        isActive: root.isShown
    }

    SectionTitle {
        width: parent.width
        text: qsTr("Instances")
    }

    TableHeads {
        id: titles

        width: parent.width
        inset: 0
        columns: [
            TableColumn {
                title: qsTr("Instance")
                width: 128
            },
            TableColumn {
                title: qsTr("Run")
                width: 64
            },
            TableColumn {
                title: qsTr("Pid")
                width: 80
                isShown: root.width >= Metrics.px(480)
            },
            TableColumn {
                title: qsTr("Up or ended")
                width: 112
            },
            TableColumn {
                title: qsTr("CPU, memory")
                width: 136
                isShown: root.width >= Metrics.px(760)
            },
            TableColumn {
                title: qsTr("Guarantee when stopped")
                width: 120
                isFilling: true
            }
        ]
    }

    Repeater {
        model: slots
        delegate: TableRow {
            id: slot

            required property string name
            required property int phase
            required property string run
            required property string pid
            required property string how
            required property string usage
            required property string note

            width: root.width
            label: [name, Words.ofState(phase), how, note].filter(part => part !== "").join(", ")
            isCurrent: root.isPool && root.picked === name
            onPicked: if (root.isPool)
                root.pickedOne(root.picked === name ? "" : name)

            Glyph {
                x: slot.isCurrent ? Metrics.gap : 0
                anchors.verticalCenter: parent.verticalCenter
                size: Metrics.px(14)
                source: Glyphs.ofState(slot.phase)
                color: Theme.states[slot.phase]
            }

            TableCell {
                heads: titles
                column: 0
                leftPadding: Metrics.px(22) + (slot.isCurrent ? Metrics.gap : 0)
                text: slot.name
                color: Theme.text
            }

            TableCell {
                heads: titles
                column: 1
                text: slot.run
            }

            TableCell {
                heads: titles
                column: 2
                text: slot.pid
            }

            TableCell {
                heads: titles
                column: 3
                text: slot.how
            }

            TableCell {
                heads: titles
                column: 4
                text: slot.usage
            }

            TableCell {
                heads: titles
                column: 5
                text: slot.note
            }
        }
    }
}
