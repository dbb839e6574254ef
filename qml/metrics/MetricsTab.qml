pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// CPU and memory of a service over time: charts, or the same as a table.
FocusScope {
    id: root

    property string service: ""
    property string instance: ""
    property bool isShown: false
    readonly property int range: Looks.metricsRange
    property bool isTable: false

    readonly property list<string> ranges: [qsTr("30 min"), qsTr("6 h"), qsTr("24 h")]
    readonly property list<string> rangeWords: [qsTr("30 minutes"), qsTr("6 hours"), qsTr("24 hours")]
    readonly property string subject: root.service === "" && root.instance === "" ? "" : (root.instance !== "" ? root.instance : root.service) + " " + root.range

    function showTable(isWanted: bool) {
        root.isTable = isWanted;
        if (isWanted)
            figures.forceActiveFocus(Qt.TabFocusReason);
        else
            charts.forceActiveFocus(Qt.TabFocusReason);
    }

    Keys.onEscapePressed: event => {
        event.accepted = root.isTable;
        if (root.isTable)
            root.showTable(false);
    }

    Records {
        id: chartRecords

        source: "charts"
        subject: root.subject
        isActive: root.isShown
    }

    Item {
        id: bar

        width: parent.width
        height: Metrics.toolbarHeight

        Row {
            anchors.left: parent.left
            anchors.leftMargin: Metrics.inset
            anchors.verticalCenter: parent.verticalCenter
            spacing: Metrics.px(4)

            Repeater {
                model: root.ranges

                ToggleButton {
                    required property int index
                    required property string modelData

                    isFlat: true
                    isOn: root.range === index
                    text: modelData
                    hint: qsTr("The last %1").arg(root.rangeWords[index])
                    onClicked: Looks.chooseRange(index)
                }
            }
        }

        ToggleButton {
            anchors.right: parent.right
            anchors.rightMargin: Metrics.inset
            anchors.verticalCenter: parent.verticalCenter
            isOn: root.isTable
            text: qsTr("Table")
            hint: qsTr("The same figures as a table (Enter on a chart)")
            onClicked: root.showTable(!root.isTable)
        }

        Rectangle {
            anchors.bottom: parent.bottom
            width: parent.width
            height: Metrics.lineWidth
            color: Theme.line
        }
    }

    FocusScope {
        id: charts

        anchors.top: bar.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        visible: !root.isTable
        focus: !root.isTable

        ListView {
            id: list

            // Time goes from left to right in every language.
            LayoutMirroring.enabled: false
            LayoutMirroring.childrenInherit: true
            anchors.fill: parent
            anchors.leftMargin: Metrics.px(20)
            topMargin: Metrics.px(20)
            bottomMargin: Metrics.px(20)
            spacing: Metrics.px(20)
            model: chartRecords
            clip: true
            focus: true
            boundsBehavior: Flickable.StopAtBounds
            currentIndex: 0
            cacheBuffer: Math.max(0, height)

            Accessible.role: Accessible.List
            Accessible.name: qsTr("Charts")

            T.ScrollBar.vertical: BaseScrollBar {
            }

            delegate: MetricChart {
                required property int index

                width: list.width - Metrics.inset
                height: implicitHeight
                focus: true
                isNamed: list.count > 2 && isCpu
                rangeWords: root.rangeWords[root.range]
                onTableWanted: root.showTable(true)
            }
        }

        PlainText {
            x: Metrics.px(20)
            width: parent.width - 2 * x
            y: Math.min(parent.height - height - Metrics.gap, list.contentHeight + Metrics.px(28))
            visible: list.count > 0
            text: qsTr("Measured only while this window can be seen; a line breaks where no process ran or nothing was measured.")
            font: Metrics.small
            color: Theme.text3
            wrapMode: Text.Wrap
        }

        EmptyState {
            anchors.fill: parent
            visible: list.count === 0 && chartRecords.progress === Records.Ready
            title: qsTr("Nothing measured yet")
            sentence: qsTr("CPU and memory are measured every two seconds while the service runs and this window can be seen.")
        }
    }

    FigureTable {
        id: figures

        anchors.top: bar.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        visible: root.isTable
        focus: root.isTable
        subject: root.subject
        isShown: root.isShown && root.isTable
    }
}
