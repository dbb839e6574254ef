pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// What happened to a service, the oldest first.
Column {
    id: root

    property string service: ""
    property bool isShown: false

    visible: lines.count > 0
    Accessible.role: Accessible.List
    Accessible.name: qsTr("What happened")

    Records {
        id: lines

        source: "happened"
        subject: root.service
        isActive: root.isShown
    }

    SectionTitle {
        width: parent.width
        text: qsTr("What happened")
    }

    Repeater {
        model: lines
        delegate: Item {
            id: line

            required property int index
            required property string at
            required property int mark
            required property int phase
            required property string text
            required property string note
            required property string said

            width: root.width
            height: Metrics.px(24)
            Accessible.role: Accessible.ListItem
            Accessible.name: [at, text, note, said].filter(part => part !== "").join(", ")

            PlainText {
                width: Metrics.px(100)
                height: parent.height
                text: line.at
                font: Metrics.mono
                color: Theme.text2
                Accessible.ignored: true
            }

            Rectangle {
                visible: line.index < lines.count - 1
                x: glyph.x + glyph.width / 2
                y: glyph.y + glyph.height + 1
                width: Metrics.lineWidth
                height: line.height - glyph.height - 2
                color: Theme.edge
            }

            Glyph {
                id: glyph

                anchors.verticalCenter: parent.verticalCenter
                x: Metrics.px(104)
                size: Metrics.px(14)
                source: line.mark === Detail.AskedMark ? Glyphs.action("restart") : line.mark === Detail.MachineMark ? Glyphs.action("info") : Glyphs.ofState(line.phase)
                color: line.mark === Detail.StateMark ? Theme.states[line.phase] : Theme.text2
            }

            Row {
                id: words

                x: Metrics.px(128)
                width: parent.width - x
                height: parent.height
                spacing: Metrics.px(6)

                PlainText {
                    id: text

                    width: Math.min(implicitWidth, words.width)
                    height: parent.height
                    text: line.text
                    Accessible.ignored: true
                }

                PlainText {
                    id: said

                    width: Math.max(0, Math.min(implicitWidth, words.width - text.width - Metrics.px(6)))
                    height: parent.height
                    visible: line.said !== ""
                    text: line.said
                    font: Metrics.mono
                    Accessible.ignored: true
                }

                PlainText {
                    width: Math.max(0, words.width - text.width - (said.visible ? said.width + Metrics.px(6) : 0) - Metrics.px(6))
                    height: parent.height
                    text: line.note
                    color: Theme.text2
                    Accessible.ignored: true
                }
            }
        }
    }
}
