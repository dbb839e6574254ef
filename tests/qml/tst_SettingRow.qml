import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    name: "SettingRow"
    width: 400
    height: 100
    visible: true
    when: windowShown

    SettingRow {
        id: row

        width: 400
        title: "Tray icon"
        sentence: "Without it, closing the window quits Ostler."
        LayoutMirroring.childrenInherit: true

        BaseSwitch {
            id: toggle

            label: "Tray icon"
        }
    }

    // The item that shows this text.
    function shown(text: string, within: Item): Item {
        for (let i = 0; i < within.children.length; ++i) {
            const child = within.children[i];
            if (child.text === text)
                return child;
            const found = root.shown(text, child);
            if (found)
                return found;
        }
        return null;
    }

    function test_words_and_control_stand_beside_each_other_data() {
        return [{
                "tag": "from left to right",
                "isMirrored": false
            }, {
                "tag": "from right to left",
                "isMirrored": true
            }];
    }

    function test_words_and_control_stand_beside_each_other(data) {
        row.LayoutMirroring.enabled = data.isMirrored;
        const title = root.shown("Tray icon", row);
        const words = title.mapToItem(row, 0, 0).x;
        const control = toggle.mapToItem(row, 0, 0).x;
        compare(control < words, data.isMirrored);
        verify(data.isMirrored ? control + toggle.width <= words : words + title.width <= control);
    }
}
