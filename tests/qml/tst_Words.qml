import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    name: "Words"

    function test_every_state_has_a_word_a_colour_and_a_glyph_of_its_own() {
        const words = [];
        const glyphs = [];
        for (let state = 0; state < Glyphs.states.length; ++state) {
            words.push(Words.ofState(state));
            glyphs.push(Glyphs.ofState(state).toString());
            verify(Theme.states[state] !== undefined);
        }
        compare(new Set(words).size, words.length);
        compare(new Set(glyphs).size, glyphs.length);
        compare(words[ServicesModel.Failed], "Failed");
        compare(words[ServicesModel.Running], "Running");
    }
}
