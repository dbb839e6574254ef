pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// One chart: what it is about and the present figure, the course, the times and the restarts.
FocusScope {
    id: root

    required property string instance
    required property bool isCpu
    required property list<real> lines
    required property list<string> grid
    required property string present
    required property string least
    required property string most
    required property bool hasFigures
    required property list<real> restarts
    required property list<string> restartTexts
    required property list<string> times
    property bool isNamed: false
    property string rangeWords: ""

    readonly property string measure: root.isCpu ? qsTr("CPU") : qsTr("Memory")
    readonly property real labelWidth: Metrics.px(84)
    readonly property real gridWidth: Metrics.px(64)
    readonly property real plotWidth: Math.max(Metrics.px(120), Math.min(Metrics.px(560), root.width - root.labelWidth - root.gridWidth))
    readonly property real plotHeight: Metrics.px(96)

    signal tableWanted

    implicitHeight: title.height + root.plotHeight + Metrics.px(18) + (root.restarts.length > 0 ? Metrics.px(20) : 0)
    activeFocusOnTab: true

    Accessible.role: Accessible.Chart
    Accessible.name: (root.isNamed ? root.instance + ": " : "") + Words.ofChart(root.measure, root.present, root.least, root.most, root.hasFigures, root.rangeWords, root.restarts.length)
    Accessible.description: qsTr("Enter shows the figures as a table")
    Accessible.focusable: true
    Accessible.onPressAction: root.tableWanted()

    Keys.onReturnPressed: root.tableWanted()
    Keys.onEnterPressed: root.tableWanted()

    PlainText {
        id: title

        width: parent.width
        height: visible ? Metrics.px(28) : 0
        visible: root.isNamed
        text: root.instance
        font: Metrics.strong
    }

    PlainText {
        id: label

        anchors.top: title.bottom
        width: root.labelWidth
        text: root.measure
        font: Metrics.small
        color: Theme.text2
        Accessible.ignored: true
    }

    PlainText {
        anchors.top: label.bottom
        anchors.topMargin: Metrics.px(2)
        width: root.labelWidth - Metrics.gap
        text: root.present
        font: Metrics.title
        fontSizeMode: Text.HorizontalFit
        minimumPixelSize: Metrics.small.pixelSize
        Accessible.ignored: true
    }

    PlainText {
        anchors.top: label.bottom
        anchors.topMargin: Metrics.px(30)
        width: root.labelWidth - Metrics.gap
        visible: root.hasFigures
        text: qsTr("%1 to\n%2").arg(root.least).arg(root.most)
        font: Metrics.caption
        color: Theme.text3
        elide: Text.ElideNone
        Accessible.ignored: true
    }

    Repeater {
        model: root.grid

        Item {
            id: gridLine

            required property int index
            required property string modelData

            x: root.labelWidth
            y: title.height + Math.round(index * (root.plotHeight - 1) / 2)
            width: root.plotWidth
            height: Metrics.lineWidth

            Rectangle {
                anchors.fill: parent
                color: Theme.line
            }

            PlainText {
                anchors.left: parent.right
                anchors.leftMargin: Metrics.gap
                anchors.verticalCenter: parent.verticalCenter
                text: gridLine.modelData
                font: Metrics.caption
                color: Theme.text3
                Accessible.ignored: true
            }
        }
    }

    Canvas {
        id: plot

        readonly property color ink: Theme.accent

        x: root.labelWidth
        y: title.height
        width: root.plotWidth
        height: root.plotHeight

        onInkChanged: plot.requestPaint()
        onWidthChanged: plot.requestPaint()
        onPaint: {
            const context = plot.getContext("2d");
            const lines = root.lines;
            context.reset();
            context.strokeStyle = plot.ink;
            context.fillStyle = Qt.rgba(plot.ink.r, plot.ink.g, plot.ink.b, 0.12);
            context.lineWidth = 1.5;
            context.lineJoin = "round";
            for (let at = 0; at < lines.length; at += 1 + 2 * lines[at]) {
                const points = lines[at];
                const first = lines[at + 1] * plot.width;
                let x = first;
                context.beginPath();
                for (let point = 0; point < points; ++point) {
                    x = lines[at + 1 + 2 * point] * plot.width;
                    const y = 1 + lines[at + 2 + 2 * point] * (plot.height - 2);
                    if (point === 0)
                        context.moveTo(x, y);
                    else
                        context.lineTo(x, y);
                }
                if (points === 1) {
                    x = first + 1.5;
                    context.lineTo(x, 1 + lines[at + 2] * (plot.height - 2));
                }
                context.stroke();
                context.lineTo(x, plot.height);
                context.lineTo(first, plot.height);
                context.closePath();
                context.fill();
            }
        }

        Connections {
            target: root

            function onLinesChanged() {
                plot.requestPaint();
            }
        }
    }

    Repeater {
        model: root.times

        PlainText {
            required property int index
            required property string modelData

            x: root.labelWidth + (index === 0 ? 0 : index === 1 ? (root.plotWidth - width) / 2 : root.plotWidth - width)
            y: title.height + root.plotHeight + Metrics.px(2)
            text: modelData
            font: Metrics.caption
            color: Theme.text3
            Accessible.ignored: true
        }
    }

    Repeater {
        model: root.restarts

        Item {
            id: mark

            required property int index
            required property real modelData
            readonly property bool hasRoom: index === root.restarts.length - 1 || (root.restarts[index + 1] - modelData) * root.plotWidth > words.implicitWidth + Metrics.px(28)

            x: root.labelWidth + Math.round(modelData * root.plotWidth)
            y: title.height

            Rectangle {
                width: Metrics.lineWidth
                height: root.plotHeight + Metrics.px(20)
                color: Theme.text2
            }

            Glyph {
                x: -width / 2
                y: root.plotHeight + Metrics.px(20)
                size: Metrics.px(14)
                source: Glyphs.action("restart")
                color: Theme.text2
            }

            PlainText {
                id: words

                // Near the end there is more room before the mark.
                x: mark.x + implicitWidth + Metrics.px(12) > root.width ? -implicitWidth - Metrics.px(10) : Metrics.px(10)
                y: root.plotHeight + Metrics.px(19)
                visible: mark.hasRoom
                text: root.restartTexts[mark.index] ?? ""
                font: Metrics.caption
                color: Theme.text2
                Accessible.ignored: true
            }
        }
    }

    FocusRing {
        visible: root.activeFocus
    }
}
