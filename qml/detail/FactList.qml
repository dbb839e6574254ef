pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// Facts with what they are about, one below the other.
Column {
    id: root

    property list<string> labels
    property list<string> facts

    readonly property real labelWidth: Metrics.px(112)

    spacing: Metrics.px(2)
    Accessible.role: Accessible.List

    Repeater {
        model: root.labels.length
        delegate: Item {
            id: fact

            required property int index

            width: root.width
            height: text.implicitHeight
            Accessible.role: Accessible.ListItem
            Accessible.name: qsTr("%1: %2").arg(root.labels[index]).arg(root.facts[index])

            PlainText {
                width: root.labelWidth - Metrics.gap
                text: root.labels[fact.index]
                font: Metrics.small
                lineHeightMode: Text.FixedHeight
                lineHeight: Metrics.px(20)
                color: Theme.text3
                Accessible.ignored: true
            }

            PlainText {
                id: text

                x: root.labelWidth
                width: parent.width - x
                text: root.facts[fact.index]
                lineHeightMode: Text.FixedHeight
                lineHeight: Metrics.px(20)
                wrapMode: Text.Wrap
                maximumLineCount: 20
                Accessible.ignored: true
            }
        }
    }
}
