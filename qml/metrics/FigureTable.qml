pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// What the charts show, as a table, the latest first.
FocusScope {
    id: root

    property string subject: ""
    property bool isShown: false

    readonly property real inset: Metrics.px(20)

    component HeadCell: PlainText {
        height: Metrics.headHeight
        font: Metrics.caption
        color: Theme.text3
    }

    component NumberCell: PlainText {
        height: Metrics.smallControl
        width: Metrics.numberWidth
        horizontalAlignment: Text.AlignRight
        Accessible.ignored: true
    }

    Records {
        id: records

        source: "figures"
        subject: root.subject
        isActive: root.isShown
    }

    Row {
        id: heads

        x: root.inset

        HeadCell {
            width: Metrics.px(160)
            text: qsTr("Instance")
        }

        HeadCell {
            width: Metrics.px(96)
            text: qsTr("From")
        }

        HeadCell {
            width: Metrics.numberWidth
            horizontalAlignment: Text.AlignRight
            text: qsTr("CPU")
        }

        HeadCell {
            width: Metrics.numberWidth
            horizontalAlignment: Text.AlignRight
            text: qsTr("Memory")
        }
    }

    Rectangle {
        id: line

        anchors.top: heads.bottom
        width: parent.width
        height: Metrics.lineWidth
        color: Theme.line
    }

    ListView {
        id: list

        anchors.top: line.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        model: records
        clip: true
        focus: true
        activeFocusOnTab: true
        reuseItems: true
        currentIndex: 0
        highlightMoveDuration: 0
        boundsBehavior: Flickable.StopAtBounds

        Accessible.role: Accessible.List
        Accessible.name: qsTr("CPU and memory over time, the latest first")

        T.ScrollBar.vertical: BaseScrollBar {
        }

        delegate: Item {
            id: row

            required property int index
            required property string instance
            required property string time
            required property string cpu
            required property string memory

            width: list.width
            height: Metrics.smallControl

            Accessible.role: Accessible.ListItem
            Accessible.name: qsTr("%1 from %2: CPU %3, memory %4").arg(row.instance).arg(row.time).arg(row.cpu).arg(row.memory)

            Row {
                x: root.inset

                PlainText {
                    width: Metrics.px(160)
                    height: Metrics.smallControl
                    text: row.instance
                    color: Theme.text2
                    Accessible.ignored: true
                }

                PlainText {
                    width: Metrics.px(96)
                    height: Metrics.smallControl
                    text: row.time
                    font: Metrics.mono
                    Accessible.ignored: true
                }

                NumberCell {
                    text: row.cpu
                }

                NumberCell {
                    text: row.memory
                }
            }

            FocusRing {
                isInside: true
                visible: list.activeFocus && list.currentIndex === row.index
            }
        }
    }

    EmptyState {
        anchors.fill: list
        visible: list.count === 0 && records.progress === Records.Ready
        title: qsTr("Nothing measured yet")
        sentence: qsTr("CPU and memory are measured every two seconds while the service runs and this window can be seen.")
    }
}
