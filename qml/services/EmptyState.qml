import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// Why the list is empty, and the next step.
Item {
    id: root

    property alias title: title.text
    property alias sentence: sentence.text
    property alias step: step.text

    signal stepTaken

    Column {
        x: Metrics.px(48)
        y: Metrics.px(48)
        width: Math.min(parent.width - 2 * x, Metrics.px(560))
        spacing: Metrics.gap

        PlainText {
            id: title

            width: parent.width
            font: Metrics.title
            wrapMode: Text.Wrap
        }

        PlainText {
            id: sentence

            width: parent.width
            visible: text !== ""
            color: Theme.text2
            wrapMode: Text.Wrap
        }

        Item {
            width: 1
            height: Metrics.gap
        }

        BaseButton {
            id: step

            visible: text !== ""
            onClicked: root.stepTaken()
        }
    }
}
