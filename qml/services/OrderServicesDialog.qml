pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// Asks before several services stop or restart, and says in which order they will.
BaseDialog {
    id: root

    property int intent: Actions.StopThem
    property list<string> names: []
    readonly property bool isStop: root.intent === Actions.StopThem
    readonly property string only: order.count === 1 ? order.value(0, "name") : ""
    readonly property string subject: root.names.length === 0 ? "*" : root.names.join("\n")

    function ask(intent: int, names: list<string>) {
        root.intent = intent;
        root.names = names;
        root.open();
    }

    title: {
        if (root.only !== "")
            return (root.isStop ? qsTr("Stop %1?") : qsTr("Restart %1?")).arg(root.only);
        return (root.isStop ? qsTr("Stop %1 services?") : qsTr("Restart %1 services?")).arg(order.count);
    }
    sentence: {
        if (order.progress === Records.Ready && order.count === 0)
            return qsTr("None of them runs any more.");
        if (order.count < 2)
            return root.isStop ? qsTr("It stays stopped until you start it.") : qsTr("It stops, then starts again.");
        return root.isStop ? qsTr("They stop in this order: each one before what it needs. They stay stopped until you start them.") : qsTr("They stop in this order, each one before what it needs, and start in the opposite one.");
    }
    verb: {
        if (order.count < 2)
            return root.isStop ? qsTr("Stop service") : qsTr("Restart service");
        return (root.isStop ? qsTr("Stop %1 services") : qsTr("Restart %1 services")).arg(order.count);
    }
    isUndoable: true
    canConfirm: order.count > 0
    onConfirmed: Actions.runOn(root.intent, root.names)

    Records {
        id: order

        source: "stop-order"
        subject: root.subject
        isActive: root.visible
    }

    Records {
        id: left

        source: "stop-left"
        subject: root.subject
        isActive: root.visible
    }

    ListView {
        width: parent.width
        height: contentHeight
        interactive: false
        model: order
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Order")
        delegate: Item {
            id: turn

            required property int index
            required property string name
            required property int phase
            required property string why

            width: ListView.view.width
            height: Metrics.px(28)
            Accessible.role: Accessible.ListItem
            Accessible.name: qsTr("%1. %2, %3, %4").arg(turn.index + 1).arg(turn.name).arg(Words.ofState(turn.phase)).arg(turn.why)

            PlainText {
                width: Metrics.px(20)
                height: parent.height
                horizontalAlignment: Text.AlignRight
                text: turn.index + 1
                color: Theme.text3
                Accessible.ignored: true
            }

            Glyph {
                x: Metrics.px(30)
                anchors.verticalCenter: parent.verticalCenter
                source: Glyphs.ofState(turn.phase)
                color: Theme.states[turn.phase]
            }

            PlainText {
                x: Metrics.px(54)
                width: parent.width * 0.4
                height: parent.height
                text: turn.name
                font: Metrics.name
                Accessible.ignored: true
            }

            PlainText {
                x: Metrics.px(62) + parent.width * 0.4
                width: parent.width - x
                height: parent.height
                text: turn.why
                font: Metrics.small
                color: Theme.text2
                Accessible.ignored: true
            }
        }
    }

    Callout {
        width: parent.width
        visible: left.count > 0 && root.isStop
        height: visible ? implicitHeight : 0
        kind: Callout.Warn
        title: left.count === 1 ? qsTr("%1 runs and needs what stops").arg(left.value(0, "name")) : qsTr("%1 more services run and need what stops").arg(left.count)
    }
}
