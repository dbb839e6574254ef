//! A service's terminal, as it is shown.

use ostler_api::{
    AttachParams, AttachReply, AttachState, Bytes, DetachParams, InputParams, Method, NoParams,
    OutputNotification, ResizeParams,
};
use tokio::sync::{mpsc, watch};

use crate::{
    Client, ClientError,
    client::{ANSWER_DEADLINE, parse},
    inbox::Feed,
};

/// Pieces of output that may wait for their reader; bytes of more are counted as missed.
const PIECES_MAX: usize = 256;

/// What an attachment tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// The service wrote.
    Output(OutputNotification),
    /// Something has changed; the output that came before it was told before.
    State(Box<AttachState>),
}

/// Attached to a service. Ends with the connection; dropping it lets go.
#[derive(Debug)]
pub struct Attached {
    client: Client,
    id: u64,
    attachment: String,
    output: mpsc::Receiver<OutputNotification>,
    state: watch::Receiver<AttachState>,
}

/// The way to what an attachment is attached to.
#[derive(Clone, Debug)]
pub struct Keyboard {
    client: Client,
    attachment: String,
}

impl Attached {
    pub(crate) async fn begin(
        client: &Client,
        params: &AttachParams,
    ) -> Result<(AttachReply, Self), ClientError> {
        let id = client.next_id();
        let (sender, output) = mpsc::channel(PIECES_MAX);
        let (told, state) = watch::channel(AttachState::default());
        let feed = Some(Feed::Attached { output: sender, missed: 0, state: told });
        let reply = client.request(id, ANSWER_DEADLINE, Method::Attach, params, feed).await?;
        let mut attached = Self { client: client.clone(), id, attachment: String::new(), output, state };
        let reply: AttachReply = parse(Method::Attach, &reply)?;
        attached.attachment.clone_from(&reply.attachment);
        Ok((reply, attached))
    }

    /// Waits for more. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// The attachment, the connection or the engine has ended.
    pub async fn next(&mut self) -> Result<Told, ClientError> {
        tokio::select! {
            biased;
            output = self.output.recv() => output.map(Told::Output).ok_or(ClientError::Lost),
            // Nothing waits in the queue, so all that came before the state was taken.
            Ok(()) = self.state.changed() => {
                Ok(Told::State(Box::new(self.state.borrow_and_update().clone())))
            }
        }
    }

    /// The way to type, which can be used while this one waits.
    pub fn keyboard(&self) -> Keyboard {
        Keyboard { client: self.client.clone(), attachment: self.attachment.clone() }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.client.unsubscribe(self.id);
    }
}

impl Keyboard {
    /// Types, and waits until the service's keeper has taken it.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn input(&self, data: Vec<u8>) -> Result<(), ClientError> {
        let params = InputParams { attachment: self.attachment.clone(), data: Bytes(data) };
        self.client.call::<_, NoParams>(Method::Input, &params).await.map(drop)
    }

    /// Gives the terminal another size.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn resize(&self, rows: u16, cols: u16) -> Result<(), ClientError> {
        let params = ResizeParams { attachment: self.attachment.clone(), rows, cols };
        self.client.call::<_, NoParams>(Method::Resize, &params).await.map(drop)
    }

    /// Lets go.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn detach(&self) -> Result<(), ClientError> {
        let params = DetachParams { attachment: self.attachment.clone() };
        self.client.call::<_, NoParams>(Method::Detach, &params).await.map(drop)
    }
}
