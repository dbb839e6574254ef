import QtQuick
import dev.ostler.app

// What a row of a table says in one column. The row speaks for it.
PlainText {
    id: root

    required property TableHeads heads
    required property int column

    x: root.heads.xOf(root.column)
    width: Math.max(0, root.heads.widthOf(root.column) - Metrics.gap)
    height: Metrics.rowHeight
    visible: root.heads.columns[root.column].isShown
    horizontalAlignment: root.heads.columns[root.column].isRight ? Text.AlignRight : Text.AlignLeft
    color: Theme.text2
    Accessible.ignored: true
}
