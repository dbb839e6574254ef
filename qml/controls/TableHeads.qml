pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// The names of the columns of a table, and where they stand.
Item {
    id: root

    property real inset: Metrics.inset
    property list<TableColumn> columns

    readonly property real fixedWidth: {
        let sum = 2 * root.inset;
        for (let i = 0; i < root.columns.length; ++i)
            sum += root.columns[i].isShown && !root.columns[i].isFilling ? Metrics.px(root.columns[i].width) : 0;
        return sum;
    }
    readonly property int fillers: {
        let count = 0;
        for (let i = 0; i < root.columns.length; ++i)
            count += root.columns[i].isShown && root.columns[i].isFilling ? 1 : 0;
        return count;
    }

    implicitHeight: Metrics.headHeight
    Accessible.ignored: true

    function widthOf(column: int): real {
        const it = root.columns[column];
        if (!it.isShown)
            return 0;
        return it.isFilling ? Math.max(Metrics.px(it.width), (root.width - root.fixedWidth) / root.fillers) : Metrics.px(it.width);
    }

    function xOf(column: int): real {
        let x = root.inset;
        for (let i = 0; i < column; ++i)
            x += root.widthOf(i);
        return x;
    }

    Repeater {
        model: root.columns.length
        delegate: PlainText {
            required property int index

            x: root.xOf(index)
            width: Math.max(0, root.widthOf(index) - Metrics.gap)
            height: root.height
            visible: root.columns[index].isShown
            horizontalAlignment: root.columns[index].isRight ? Text.AlignRight : Text.AlignLeft
            text: root.columns[index].title
            font: Metrics.caption
            color: Theme.text3
            Accessible.ignored: true
        }
    }

    Rectangle {
        anchors.bottom: parent.bottom
        width: parent.width
        height: Metrics.lineWidth
        color: Theme.line
    }
}
