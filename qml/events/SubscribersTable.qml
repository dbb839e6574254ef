pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// Who listens to the events.
Item {
    id: root

    required property Records records
    property real inset: Metrics.inset

    TableHeads {
        id: titles

        width: parent.width
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
        model: root.records
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
}
