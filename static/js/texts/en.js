// @ts-check
/** English. Every sentence of the page; a translation is one file like this one. */

export const en = {
  labels: {
    Anger: "Anger",
    Disgust: "Disgust",
    Fear: "Fear",
    Happy: "Happy",
    Neutral: "Neutral",
    Sad: "Sad",
    Surprise: "Surprise",
  },
  state: {
    idle: "Camera off",
    asking: "Waiting for the camera…",
    connecting: "Connecting…",
    starting: "The model is starting…",
    running: "Live",
    hidden: "Paused while this tab is hidden",
    paused: "Paused",
    frozen: "The camera gives no new picture…",
    stalled: "The server is slow to answer…",
    full: "The server is full. Trying again…",
    offline: "Connection lost. Reconnecting…",
    stopped: "Camera off",
    failed: "No camera",
    refused: "Refused by the server",
    picture: "Picture",
    opening: "Opening the file…",
    analysing: "Analysing the video…",
    video: "Video",
    barred: "Join code needed",
    waiting: "Waiting for the sender…",
    ended: "Ended",
  },
  camera: {
    insecure:
      "Browsers give a page no camera over plain http, except on localhost. Open this page as http://localhost on the computer that runs it, or over https: started with --lan, Moodlight serves it.",
    refused:
      "The camera was refused. Allow it in the address bar or in your system's privacy settings, then start again.",
    missing: "No camera was found. Plug one in, then start again.",
    busy: "Another program holds the camera. Close it there, then start again.",
    unsuitable: "This camera cannot give a usable picture. Choose another one.",
    failed: "The camera could not be opened. Reload the page and start again.",
    ended: "The camera was unplugged or switched off. Connect it, then start again.",
    number: (/** @type {number} */ position) => `Camera ${position}`,
  },
  page: {
    hostLead: "Nothing is kept",
    estimateLead: "Looks, not feelings",
    accuracyLead: "Often wrong",
    usesLead: "Not for every use",
    title: "What does a face express?",
    intro: "Moodlight draws a box round each face your camera sees and estimates its expression, live.",
    host: (/** @type {string} */ host, /** @type {boolean} */ clustered) =>
      `Pictures go to ${host}${clustered ? " and from there to the machines of its cluster" : ""}, ` +
      "are looked at in memory only, and are never stored or logged.",
    estimate: "It estimates what a face shows, not what a person feels.",
    accuracy: (
      /** @type {number} */ accuracy,
      /** @type {number} */ crowd,
      /** @type {string} */ worst,
      /** @type {number} */ recall,
    ) =>
      `It agrees with ${percent(accuracy)} of FER2013's test labels` +
      (crowd ? ` and with ${percent(crowd)} of the majorities of ten people` : "") +
      `; worst is ${worst}, of which it finds ${percent(recall)}.`,
    uses: "Not for use at work or in education (EU AI Act, Art. 5(1)(f)), nor in hiring, policing or medicine.",
    consent: "I have read this, and everyone in view agrees.",
    start: "Start the camera",
    openFile: "Open a picture or video",
    dropFile: "Or drop one anywhere on this page.",
    progress: "Analysed so far",
    seek: "Position in the video",
    play: "Play",
    session: "Summary",
    camera: "Camera",
    mirror: "Mirror",
    pause: "Pause",
    resume: "Go on",
    why: "Why?",
    videoStep: "Frames looked at a second",
    snapshot: "Snapshot",
    fullScreen: "Full screen",
    leaveFullScreen: "Leave full screen",
    flip: "Other camera",
    toBack: "Back camera",
    toFront: "Front camera",
    curtain: "Paused. The camera is off and nothing is sent.",
    stop: "Stop and delete",
    record: "Record numbers",
    stopRecording: "Stop recording",
    neutral: "My neutral face",
    neutralHint: "Look neutral for two seconds…",
    neutralOn: (/** @type {string} */ face) => `Neutral face: on, ${face}`,
    neutralOff: "Neutral face: off",
    neutralOffer: (/** @type {string} */ face) => `Neutral face: off. Use for ${face}`,
    neutralGone: (/** @type {string} */ face) =>
      `${face} is gone, so the correction by the neutral face is off.`,
    forget: "Forget",
    performance: "Performance",
    timeline: "Over time",
    exportCsv: "Export CSV",
    exportJson: "Export JSON",
    about: "How well it works, limits and licences",
    close: "Close",
    stage: "Camera and boxes",
    panel: "Expression",
    join: "Join",
    joinTitle: "This Moodlight asks for a code",
    code: "Join code",
    share: "Share",
    shareScan: "Scan this with a phone in the same network, or open:",
    shareFailed: "The server did not give its address. Close this and try again.",
    certificate: "Certificate, SHA-256",
    trustTitle: "Trust this server for good",
    trust:
      "Browsers warn of a certificate that they do not know. Once this authority is installed on a device, they no longer do. Install it only if its SHA-256 is the one in the server's terminal, and remove it when you no longer use Moodlight.",
    download: "Download the authority",
    viewerTitle: "Let others watch",
    viewerHint:
      "Whoever opens the link sees the boxes and numbers of your faces, never the picture, until you end it or leave this page. Everyone in view should agree.",
    makeLink: "Make a viewer link",
    endLink: "End the viewer link",
    copyLink: "Copy the link",
    viewerLocal: "It opens on this computer only: started with --lan, Moodlight serves others too.",
    watchIntro: "Boxes and numbers that somebody shares with you. The picture stays with them.",
  },
  about: {
    title: "About Moodlight",
    toCamera: "To the camera",
    heading: "What it does, and how often it errs",
    lead: "Moodlight finds faces in pictures and estimates the expression that each one shows. It does not know what anybody feels, recognises nobody, and stores no picture.",
    versions: "The program and its model",
    program: "Version of the program",
    model: "Model",
    modelVersion: "Version of the model",
    network: "Network",
    parameters: "Parameters, millions",
    gmacs: "Multiplications a face, billions",
    trainedOn: "Trained on",
    rows: "FER2013's Training rows",
    rowsAndVotes: "FER2013's Training rows and FER+'s crowd votes",
    PublicTest: "Right by FER2013's labels (PublicTest)",
    PublicTest_flip: "The same, averaged with the mirror image",
    PublicTest_ferplus: "Right by the majority of ten people (FER+)",
    PrivateTest: "Right by FER2013's labels (PrivateTest)",
    engine: "Engine",
    starting: "starting",
    confusion: "What it takes for what",
    confusionLead:
      "FER2013's PublicTest: each row is a true class, each cell the share of it, in percent, that was called so.",
    confusionLabel: "Confusion matrix",
    limits: "Limits of use",
    notAtWork:
      "Not for use at work or in education: the EU AI Act, Art. 5(1)(f), prohibits inferring emotions there.",
    noDecisions: "Not for hiring, policing or medicine, nor for any decision about a person.",
    agreed: "Everyone in view must agree, bystanders too.",
    noGroups:
      "FER2013 has no demographic labels: nobody can say from it how the errors differ between groups.",
    noisy: "Its labels are noisy: people agree with them only about as often as good programs do.",
    licences: "Licences",
    licenceList:
      "Moodlight: MIT. PyTorch, NumPy, Flask: BSD. OpenCV: Apache 2.0. ONNX Runtime, MTCNN's weights, Socket.IO, uPlot: MIT. The README has the whole list, and what is unsettled about weights trained on FER2013.",
  },
  trust: {
    Android:
      "Download it, then search the settings for “CA certificate” (Security, Encryption and credentials, Install a certificate) and choose the file.",
    "iPhone, iPad":
      "Download it with Safari and allow it. Settings, General, VPN & Device Management: install it. Then General, About, Certificate Trust Settings: switch it on.",
    Windows:
      "Open the file, Install Certificate, Current User, and place it in “Trusted Root Certification Authorities”.",
    macOS:
      "Open the file in Keychain Access, find “Moodlight on …”, and under Trust choose “Always Trust”.",
    Linux:
      "In Chrome and Chromium: Settings, Privacy and security, Security, Manage certificates: import it as an authority.",
    Firefox:
      "On computers: Settings, Privacy & Security, View Certificates, Authorities, Import; trust it for websites.",
  },
  codeNeeded: "It is on the server's terminal and in its Share panel; the link and the QR code there hold it.",
  codeWrong: "That code was not accepted. Ask whoever runs this server; after ten wrong ones, wait a minute.",
  joinCode: (/** @type {string} */ code) => `Join code: ${code}`,
  noCode: "No join code is asked for.",
  watching: (/** @type {number} */ count) => `${count} watching`,
  viewerLink: {
    none: "There is no link: the server did not answer. Try again once the page is connected.",
    lost: "The connection was lost, and the link has ended with it. Make another one.",
    copied: "The link is copied.",
    notCopied: "This browser did not copy it. Select the link and copy it yourself.",
  },
  linkEnded: "This viewer link has ended, or is full. Ask the sender for a new one.",
  percent,
  refused: (/** @type {string} */ reason) => `The server refused: ${reason}`,
  reasons: {
    bad_request: "page and server do not fit together. Reload the page, then agree again.",
    not_an_image: "it is not read as a picture there.",
    bad_frame: "the picture is incomplete or damaged.",
    too_large: "the picture is larger than this server takes.",
    no_consent: "it has not been told that everyone in view agrees. Reload the page, then agree again.",
  },
  noFace: "No face in view",
  noFaceYet: "No face yet",
  noResult: "Waiting for results…",
  unsure: "Unsure",
  face: (/** @type {number} */ track) => `Face ${track + 1}`,
  headline: (/** @type {string} */ label, /** @type {number} */ confidence) =>
    `${label}, ${percent(confidence)}`,
  unsureHeadline: (/** @type {string} */ label) => `Unsure, perhaps ${label}`,
  spoken: (/** @type {string} */ face, /** @type {string} */ label) => `${face}: ${label}`,
  figures: {
    sent: "Frames sent / results shown a second",
    roundTrip: "Round trip, median / p95",
    server: "Server: queue, decode, detect, classify",
    dropped: "Frames dropped",
    frame: "Frame",
  },
  session: {
    duration: (/** @type {string} */ time, /** @type {number} */ results) =>
      `${time}, ${results === 1 ? "1 result" : `${results} results`}`,
    changes: (/** @type {number} */ count) => (count === 1 ? "1 change" : `${count} changes`),
    confidence: "mean confidence",
    more: (/** @type {number} */ count) =>
      `Seen more briefly, and only in the export: ${count === 1 ? "1 face" : `${count} faces`}`,
    recording: { title: "Recorded session", empty: "No face was seen while recording." },
    video: { title: "Summary of the video", empty: "No face was seen in the video." },
  },
  consentFirst: "Tick the box first: everyone in view must agree.",
  unreadable: {
    image: "This browser cannot read that file as a picture. Try a JPEG, PNG or WebP.",
    video: "This browser cannot play that video. Try an MP4 (H.264) or a WebM.",
    other:
      "This browser can read that file neither as a picture nor as a video. Try a JPEG, PNG or WebP, an MP4 (H.264) or a WebM.",
  },
  picture: {
    notLooked: "Not looked at",
    brokeOff: (/** @type {string} */ time) =>
      `The browser could not go on after ${time}: what follows was not looked at.`,
    timeLeft: (/** @type {string} */ time) => `${time} left`,
    faces: (/** @type {number} */ count) =>
      count === 0 ? "No face found" : count === 1 ? "1 face" : `${count} faces`,
    refused: (/** @type {string} */ reason) => `The picture could not be analysed: ${reason}`,
  },
};

/** @param {number} share 0..1 */
function percent(share) {
  return `${Math.round(share * 100)}%`;
}
