pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// Whose events are taken in.
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
        id: list

        focus: false
        anchors.top: titles.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        model: root.records
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

            width: list.width
            label: [source.origin, story, qsTr("taken in %1").arg(taken), qsTr("left out %1").arg(leftOut)].join(", ")
            isCurrent: ListView.isCurrentItem && list.activeFocus
            hasFocusRing: isCurrent
            onPicked: {
                list.currentIndex = source.index;
                list.forceActiveFocus(Qt.MouseFocusReason);
            }

            TableCell {
                heads: titles
                column: 0
                text: source.origin
                color: Theme.text
            }

            TableCell {
                heads: titles
                column: 1
                text: source.story
                color: source.trouble === "" ? Theme.text2 : Theme.fail
            }

            TableCell {
                heads: titles
                column: 2
                text: source.latest
            }

            TableCell {
                heads: titles
                column: 3
                text: source.taken
            }

            TableCell {
                heads: titles
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
