import QtQuick
import QtQuick.Controls.impl
import dev.ostler.app

// A picture in one colour. Readers skip it: the word beside it speaks.
IconImage {
    id: root

    property real size: Metrics.glyph

    width: size
    height: size
    sourceSize: Qt.size(size, size)
    Accessible.ignored: true
}
