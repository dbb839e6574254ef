import QtQuick
import dev.ostler.app

// Why there is nothing here, and the next step.
Item {
    id: root

    property alias title: title.text
    property alias sentence: sentence.text
    property alias step: step.text
    property alias otherStep: otherStep.text
    default property alias content: more.data

    signal stepTaken
    signal otherStepTaken

    Column {
        x: Math.min(Metrics.px(48), root.width / 12)
        y: Metrics.px(48)
        width: Math.min(parent.width - 2 * x, Metrics.px(560))
        spacing: Metrics.gap

        PlainText {
            id: title

            width: parent.width
            font: Metrics.emptyTitle
            wrapMode: Text.Wrap
            Accessible.role: Accessible.Heading
        }

        PlainText {
            id: sentence

            width: parent.width
            visible: text !== ""
            color: Theme.text2
            wrapMode: Text.Wrap
        }

        Item {
            visible: step.text !== "" || otherStep.text !== ""
            width: 1
            height: Metrics.gap
        }

        Row {
            visible: step.text !== "" || otherStep.text !== ""
            spacing: Metrics.gap

            BaseButton {
                id: step

                visible: text !== ""
                isPrimary: true
                onClicked: root.stepTaken()
            }

            BaseButton {
                id: otherStep

                visible: text !== ""
                onClicked: root.otherStepTaken()
            }
        }

        Column {
            id: more

            width: parent.width
            spacing: Metrics.gap
        }
    }
}
