pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// Crashes of a service: a list, and below it the frozen evidence of the one that is picked.
FocusScope {
    id: root

    property string service: ""
    property string instance: ""
    property bool isShown: false

    readonly property real inset: root.width < Metrics.px(640) ? Metrics.px(12) : Metrics.px(20)
    readonly property string pickedId: list.currentItem ? (list.currentItem as TableRow).objectName : ""

    onServiceChanged: list.currentIndex = 0

    Records {
        id: incidents

        source: "incidents"
        subject: root.service
        isActive: root.isShown
    }

    EmptyState {
        anchors.fill: parent
        visible: incidents.count === 0 && incidents.progress !== Records.Loading
        title: incidents.progress === Records.Failed ? qsTr("The incidents cannot be read") : qsTr("No incidents")
        sentence: incidents.progress === Records.Failed ? incidents.trouble : qsTr("When a run of %1 crashes, its last lines and all that was known then are kept here.").arg(root.service)
        step: incidents.progress === Records.Failed ? qsTr("Try again") : ""
        onStepTaken: incidents.refresh()
    }

    TableHeads {
        id: titles

        width: parent.width
        visible: incidents.count > 0
        inset: root.inset
        columns: [
            TableColumn {
                title: qsTr("Time")
                width: 160
            },
            TableColumn {
                title: qsTr("Exit")
                width: 120
            },
            TableColumn {
                title: qsTr("What happened")
                width: 160
                isFilling: true
            },
            TableColumn {
                title: qsTr("Times")
                width: 60
                isRight: true
            }
        ]
    }

    TableList {
        id: list

        anchors.top: titles.bottom
        width: parent.width
        height: Math.min(contentHeight, Math.max(2 * Metrics.rowHeight, root.height * 0.34))
        visible: incidents.count > 0
        model: incidents
        currentIndex: 0
        label: qsTr("Incidents of %1").arg(root.service)

        delegate: TableRow {
            id: row

            required property int index
            required property string key
            required property string at
            required property string exit
            required property string summary
            required property int times

            width: list.width
            objectName: key
            label: times > 1 ? qsTr("%1, %2, %3, %4 times").arg(at).arg(exit).arg(summary).arg(times) : [at, exit, summary].join(", ")
            isCurrent: ListView.isCurrentItem
            hasFocusRing: ListView.isCurrentItem && list.activeFocus
            onPicked: {
                list.currentIndex = row.index;
                list.forceActiveFocus(Qt.MouseFocusReason);
            }

            TableCell {
                heads: titles
                column: 0
                text: row.at
                font: Metrics.mono
            }

            TableCell {
                heads: titles
                column: 1
                text: row.exit
                font: Metrics.name
                color: Theme.fail
            }

            TableCell {
                heads: titles
                column: 2
                text: row.summary
                color: Theme.text
            }

            TableCell {
                heads: titles
                column: 3
                text: row.times > 1 ? row.times : ""
            }
        }
    }

    Rectangle {
        anchors.top: list.bottom
        width: parent.width
        height: Metrics.lineWidth
        visible: incidents.count > 0
        color: Theme.line
    }

    IncidentEvidence {
        anchors.top: list.bottom
        anchors.topMargin: Metrics.lineWidth
        anchors.bottom: parent.bottom
        width: parent.width
        visible: incidents.count > 0
        inset: root.inset
        incident: root.pickedId
        isShown: root.isShown
    }
}
