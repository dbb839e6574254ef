import QtQuick
import dev.ostler.app

// A problem in the text: its line tinted, its columns underlined, a word at the end.
Item {
    id: root

    required property int line
    required property int column
    required property int endColumn
    required property bool isError
    required property string title
    required property TextEdit editor
    property real viewX: 0
    property real viewWidth: 0
    property real lineHeight: 0
    readonly property color ink: root.isError ? Theme.fail : Theme.warn
    readonly property rect from: root.placeOf(root.column)
    readonly property rect to: root.placeOf(root.endColumn)
    readonly property real lineEnd: root.placeOf(100000).x

    function placeOf(column: int): rect {
        return ConfigDocument.revision >= 0 ? root.editor.positionToRectangle(ConfigDocument.positionOf(root.line, column)) : Qt.rect(0, 0, 0, 0);
    }

    x: root.viewX
    y: (root.line - 1) * root.lineHeight + root.editor.topPadding
    width: root.viewWidth
    height: root.lineHeight
    visible: root.line > 0
    Accessible.ignored: true

    Rectangle {
        anchors.fill: parent
        visible: root.isError
        color: Theme.failTint
    }

    Canvas {
        id: wave

        readonly property color ink: root.ink

        x: root.from.x - root.viewX
        y: root.lineHeight - height
        width: Math.max(Metrics.px(6), root.to.x - root.from.x)
        height: Metrics.px(4)
        onInkChanged: requestPaint()
        onWidthChanged: requestPaint()
        onPaint: {
            const pen = getContext("2d");
            const step = height - 1;
            pen.reset();
            pen.strokeStyle = root.ink;
            pen.lineWidth = 1.3;
            pen.beginPath();
            pen.moveTo(0, height - 1);
            for (let x = step, isUp = true; x <= width + step; x += step, isUp = !isUp)
                pen.lineTo(x, isUp ? 1 : height - 1);
            pen.stroke();
        }
    }

    PlainText {
        anchors.verticalCenter: parent.verticalCenter
        x: Math.max(root.lineEnd - root.viewX + Metrics.px(32), parent.width - implicitWidth - Metrics.inset)
        width: Math.min(implicitWidth, parent.width - x - Metrics.gap)
        visible: width > Metrics.px(80)
        text: root.title
        font: Metrics.small
        color: root.ink
        Accessible.ignored: true
    }
}
