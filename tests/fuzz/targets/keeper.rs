//! The keeper's protocol: any bytes give messages or an error, and what was understood is written again as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ostler_keeper::protocol::{Event, Frame, FrameBuffer, Request};

fuzz_target!(|data: &[u8]| {
    let Some((&piece, bytes)) = data.split_first() else { return };
    let mut buffer = FrameBuffer::new();
    for piece in bytes.chunks(usize::from(piece) + 1) {
        buffer.push(piece);
        loop {
            match buffer.next_frame() {
                Ok(Some(frame)) => check(frame),
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    // The same bytes as one message of each kind, so that the length needs not be guessed.
    if let Some((&kind, body)) = bytes.split_first() {
        check(Frame { kind, body });
    }
});

fn check(frame: Frame<'_>) {
    if let Ok(Some(request)) = Request::decode(frame) {
        let again = |out: &[u8]| again(out, |frame| Request::decode(frame).expect("it was understood"));
        let mut out = Vec::new();
        request.encode(&mut out).expect("it was no longer than a frame");
        assert_eq!(again(&out), Some(request));
    }
    if let Ok(Some(event)) = Event::decode(frame) {
        let again = |out: &[u8]| again(out, |frame| Event::decode(frame).expect("it was understood"));
        let mut out = Vec::new();
        event.encode(&mut out).expect("it was no longer than a frame");
        assert_eq!(again(&out), Some(event));
    }
}

fn again<T>(out: &[u8], decode: impl Fn(Frame<'_>) -> Option<T>) -> Option<T> {
    let mut buffer = FrameBuffer::new();
    buffer.push(out);
    let frame = buffer.next_frame().expect("a frame").expect("whole");
    decode(frame)
}
