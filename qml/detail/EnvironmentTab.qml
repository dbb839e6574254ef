pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// The variables that a service would get: names and origins. Values do not leave the engine.
FocusScope {
    id: root

    property string service: ""
    property string instance: ""
    property bool isShown: false

    readonly property real inset: root.width < Metrics.px(640) ? Metrics.px(12) : Metrics.px(20)
    readonly property string wanted: filter.text.trim().toLowerCase()
    readonly property int matches: {
        let count = 0;
        for (let row = 0; row < variables.count; ++row)
            count += root.isMatch(variables.value(row, "name"), variables.value(row, "origin")) ? 1 : 0;
        return count;
    }

    function isMatch(name: string, origin: string): bool {
        return root.wanted === "" || name.toLowerCase().includes(root.wanted) || origin.toLowerCase().includes(root.wanted);
    }

    Records {
        id: variables

        source: "environment"
        subject: root.instance === "" ? root.service : root.instance
        isActive: root.isShown
    }

    Item {
        id: bar

        width: parent.width
        height: Metrics.toolbarHeight
        visible: variables.count > 0

        FilterField {
            id: filter

            anchors.verticalCenter: parent.verticalCenter
            anchors.left: parent.left
            anchors.leftMargin: root.inset
            width: Math.min(Metrics.px(256), parent.width - 2 * root.inset)
            placeholderText: qsTr("Search variables")
            onFinished: list.forceActiveFocus(Qt.TabFocusReason)
        }

        PlainText {
            anchors.verticalCenter: parent.verticalCenter
            anchors.right: parent.right
            anchors.rightMargin: root.inset
            width: Math.min(implicitWidth, parent.width - filter.width - 2 * root.inset - Metrics.gap)
            text: root.wanted === "" ? qsTr("%1 variables; values are hidden").arg(variables.count) : qsTr("%1 of %2").arg(root.matches).arg(variables.count)
            font: Metrics.small
            color: Theme.text2
        }
    }

    TableHeads {
        id: titles

        anchors.top: bar.bottom
        width: parent.width
        visible: variables.count > 0
        inset: root.inset
        columns: [
            TableColumn {
                title: qsTr("Name")
                width: 200
                isFilling: true
            },
            TableColumn {
                title: qsTr("Value")
                width: 88
            },
            TableColumn {
                title: qsTr("Origin")
                width: root.width < Metrics.px(640) ? 160 : 240
            }
        ]
    }

    ListView {
        id: list

        anchors.top: titles.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        visible: root.matches > 0
        model: variables
        clip: true
        focus: true
        activeFocusOnTab: true
        currentIndex: -1
        highlightMoveDuration: 0
        boundsBehavior: Flickable.StopAtBounds
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Environment of %1").arg(root.service)
        T.ScrollBar.vertical: BaseScrollBar {
        }

        onActiveFocusChanged: if (activeFocus && currentIndex < 0 && count > 0)
            list.step(1)

        // Goes to the next row that is listed.
        function step(distance: int) {
            for (let row = list.currentIndex + distance; row >= 0 && row < list.count; row += distance) {
                if (root.isMatch(variables.value(row, "name"), variables.value(row, "origin"))) {
                    list.currentIndex = row;
                    return;
                }
            }
        }

        Keys.onUpPressed: list.step(-1)
        Keys.onDownPressed: list.step(1)

        delegate: TableRow {
            id: row

            required property int index
            required property string name
            required property string origin

            width: list.width
            height: visible ? Metrics.control : 0
            visible: root.isMatch(name, origin)
            label: qsTr("%1, from %2, value hidden").arg(name).arg(origin)
            hasFocusRing: ListView.isCurrentItem && list.activeFocus
            onPicked: list.currentIndex = row.index

            TableCell {
                heads: titles
                column: 0
                height: Metrics.control
                text: row.name
                font: Metrics.mono
                color: Theme.text
            }

            TableCell {
                heads: titles
                column: 1
                height: Metrics.control
                text: qsTr("hidden")
                color: Theme.text3
            }

            TableCell {
                heads: titles
                column: 2
                height: Metrics.control
                text: row.origin
            }
        }
    }

    EmptyState {
        anchors.top: bar.visible ? titles.bottom : parent.top
        anchors.bottom: parent.bottom
        width: parent.width
        visible: root.matches === 0 && variables.progress !== Records.Loading
        title: variables.progress === Records.Failed ? qsTr("The environment cannot be read") : variables.count === 0 ? qsTr("No variables") : qsTr("No variable matches “%1”").arg(filter.text)
        sentence: variables.progress === Records.Failed ? variables.trouble : ""
        step: variables.progress === Records.Failed ? qsTr("Try again") : variables.count > 0 ? qsTr("Clear search") : ""
        onStepTaken: {
            if (variables.progress === Records.Failed)
                variables.refresh();
            else
                filter.clear();
        }
    }
}
