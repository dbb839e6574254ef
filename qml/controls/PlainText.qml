import QtQuick
import dev.ostler.app

// Text as it is, never markup.
Text {
    id: root

    font: Metrics.body
    color: Theme.text
    textFormat: Text.PlainText
    elide: Text.ElideRight
    verticalAlignment: Text.AlignVCenter
}
