pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// Beside the text: what is wrong, the number, what is new. Only the lines in view exist.
Item {
    id: root

    property real lineHeight: 0
    property real contentY: 0
    property int lines: 0
    property int currentLine: 0
    readonly property int firstLine: Math.max(1, Math.floor(root.contentY / root.lineHeight) + 1)

    implicitWidth: Metrics.px(90)
    clip: true
    Accessible.ignored: true

    Repeater {
        model: Math.max(0, Math.ceil(root.height / Math.max(1, root.lineHeight)) + 1)

        delegate: Item {
            id: row

            required property int index
            readonly property int line: root.firstLine + row.index
            readonly property int severity: ConfigDocument.revision >= 0 ? ConfigDocument.severityOf(row.line) : 0

            y: (row.line - 1) * root.lineHeight - root.contentY
            width: root.width
            height: root.lineHeight
            visible: row.line <= root.lines

            Rectangle {
                anchors.fill: parent
                visible: row.severity === 2
                color: Theme.failTint
            }

            Glyph {
                x: Metrics.px(8)
                anchors.verticalCenter: parent.verticalCenter
                visible: row.severity > 0
                source: Glyphs.named(row.severity === 2 ? "state-failed" : "state-degraded")
                color: row.severity === 2 ? Theme.fail : Theme.warn
            }

            PlainText {
                anchors.verticalCenter: parent.verticalCenter
                width: Metrics.px(64)
                horizontalAlignment: Text.AlignRight
                text: row.line
                font: Metrics.editor
                color: row.severity === 2 ? Theme.fail : row.line === root.currentLine ? Theme.text : Theme.text3
                Accessible.ignored: true
            }

            ChangeBar {
                x: Metrics.px(72)
                height: parent.height
                mark: ConfigDocument.revision >= 0 ? ConfigDocument.markOf(row.line) : 0
            }
        }
    }
}
