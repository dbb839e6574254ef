pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// Who is connected to the engine, with a way to end it.
FocusScope {
    id: root

    readonly property real inset: root.width < Metrics.px(640) ? Metrics.px(12) : Metrics.inset

    signal leaving

    Keys.onEscapePressed: root.leaving()

    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("Connections")

    Records {
        id: connections

        source: "connections"
        isActive: root.visible
    }

    Column {
        id: top

        x: root.inset
        y: Metrics.px(20)
        width: parent.width - 2 * x
        spacing: Metrics.gap

        PlainText {
            width: parent.width
            text: qsTr("Connections")
            font: Metrics.title
            Accessible.role: Accessible.Heading
        }

        PlainText {
            width: parent.width
            text: qsTr("Whoever talks to the engine now. Who is dropped may come again; what it asked for stays in force.")
            color: Theme.text2
            wrapMode: Text.Wrap
        }

        Callout {
            width: parent.width
            visible: connections.progress === Records.Failed
            height: visible ? implicitHeight : 0
            kind: Callout.Fail
            title: qsTr("The connections cannot be read")
            text: connections.trouble
        }
    }

    TableHeads {
        id: titles

        anchors.top: top.bottom
        anchors.topMargin: Metrics.gap
        width: parent.width
        visible: list.visible
        inset: root.inset
        columns: [
            TableColumn {
                title: qsTr("Way")
                width: 112
            },
            TableColumn {
                title: qsTr("Client")
                width: 120
                isFilling: true
            },
            TableColumn {
                title: qsTr("Path")
                width: 120
                isFilling: true
                isShown: root.width >= Metrics.px(700)
            },
            TableColumn {
                title: qsTr("Peer")
                width: 120
                isFilling: true
                isShown: root.width >= Metrics.px(560)
            },
            TableColumn {
                title: qsTr("Since")
                width: 160
                isShown: root.width >= Metrics.px(760)
            },
            TableColumn {
                title: qsTr("Received")
                width: 88
                isRight: true
                isShown: root.width >= Metrics.px(900)
            },
            TableColumn {
                title: qsTr("Sent")
                width: 88
                isRight: true
                isShown: root.width >= Metrics.px(900)
            },
            TableColumn {
                title: qsTr("Not read yet")
                width: 104
                isRight: true
                isShown: root.width >= Metrics.px(900)
            },
            TableColumn {
                width: 80
            }
        ]
    }

    TableList {
        id: list

        anchors.top: titles.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        visible: connections.count > 0
        model: connections
        label: qsTr("Connections")

        Keys.onDeletePressed: {
            const row = list.currentItem as TableRow;
            if (row)
                Actions.dropConnection(row.objectName);
        }

        delegate: TableRow {
            id: row

            required property int index
            required property string key
            required property string way
            required property string peer
            required property string client
            required property string route
            required property string since
            required property string received
            required property string sent
            required property string waiting
            required property bool isOwn

            readonly property string name: row.isOwn ? qsTr("This window") : row.client

            width: list.width
            // What the Delete key drops: never the way of this window itself.
            objectName: isOwn ? "" : key
            label: [way, name, route, peer, qsTr("since %1").arg(since), waiting === "" ? "" : qsTr("%1 not read yet").arg(waiting)].filter(part => part !== "").join(", ")
            isCurrent: ListView.isCurrentItem && list.activeFocus
            hasFocusRing: isCurrent
            onPicked: {
                list.currentIndex = row.index;
                list.forceActiveFocus(Qt.MouseFocusReason);
            }

            TableCell {
                heads: titles
                column: 0
                text: row.way
                color: Theme.text
            }

            TableCell {
                heads: titles
                column: 1
                text: row.name
                color: Theme.text
            }

            TableCell {
                heads: titles
                column: 2
                text: row.route
            }

            TableCell {
                heads: titles
                column: 3
                text: row.peer
            }

            TableCell {
                heads: titles
                column: 4
                text: row.since
            }

            TableCell {
                heads: titles
                column: 5
                text: row.received
            }

            TableCell {
                heads: titles
                column: 6
                text: row.sent
            }

            TableCell {
                heads: titles
                column: 7
                text: row.waiting
                color: Theme.warn
            }

            BaseButton {
                anchors.right: parent.right
                anchors.rightMargin: root.inset
                anchors.verticalCenter: parent.verticalCenter
                visible: !row.isOwn
                isSmall: true
                focusPolicy: Qt.NoFocus
                text: qsTr("Drop")
                hint: qsTr("End this connection (Delete)")
                Accessible.name: qsTr("Drop %1").arg(row.name === "" ? row.peer : row.name)
                onClicked: Actions.dropConnection(row.key)
            }
        }
    }
}
