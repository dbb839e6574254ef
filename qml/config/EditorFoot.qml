import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// Where the cursor is, and what the bars mean.
Rectangle {
    id: root

    property int line: 1
    property int column: 1
    // What is wrong in this line.
    readonly property string word: ConfigDocument.revision >= 0 ? ConfigDocument.wordOf(root.line) : ""

    implicitHeight: Metrics.px(28)
    color: Theme.chrome

    RowLayout {
        anchors.fill: parent
        anchors.leftMargin: Metrics.inset
        anchors.rightMargin: Metrics.inset
        spacing: Metrics.gap

        PlainText {
            text: qsTr("Line %1, column %2").arg(root.line).arg(root.column)
            font: Metrics.small
            color: Theme.text2
        }

        PlainText {
            Layout.fillWidth: true
            Layout.leftMargin: Metrics.gap
            text: root.word
            font: Metrics.small
            color: Theme.fail
        }

        ChangeBar {
            implicitHeight: Metrics.px(14)
            mark: 2
        }

        PlainText {
            text: qsTr("changed")
            font: Metrics.small
            color: Theme.text2
        }

        ChangeBar {
            implicitHeight: Metrics.px(14)
            mark: 1
        }

        PlainText {
            text: qsTr("added")
            font: Metrics.small
            color: Theme.text2
        }
    }

    Rectangle {
        anchors.top: parent.top
        width: parent.width
        height: Metrics.lineWidth
        color: Theme.line
    }
}
