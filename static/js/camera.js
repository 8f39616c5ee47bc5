// @ts-check
/** The only module that touches `navigator.mediaDevices`. */

/** Why there is no camera: a key of `texts.camera`. */
export class CameraError extends Error {
  /** @param {"insecure"|"refused"|"missing"|"busy"|"unsuitable"|"failed"} reason */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** @type {Record<string, CameraError["reason"]>} */
const REASONS = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
  OverconstrainedError: "unsuitable",
};

/** What is asked for; a camera that cannot do it gives what it can. */
const WISHES = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

/** @typedef {"user" | "environment"} Facing towards the reader, or away */
/** @typedef {{deviceId?: string | null, facing?: Facing | null}} Wish the side comes first */

export class Camera {
  /**
   * @param {HTMLVideoElement} video shows the picture
   * @param {() => void} onEnded called when the camera goes away by itself
   */
  constructor(video, onEnded) {
    this.video = video;
    this.onEnded = onEnded;
    /** @type {MediaStream | null} */
    this.stream = null;
    /** Counts closings: a camera that opens after one is shut again. */
    this.turn = 0;
  }

  /** Device id of the open camera, or null. */
  get deviceId() {
    return this.stream?.getVideoTracks()[0]?.getSettings().deviceId ?? null;
  }

  /** Where the open camera looks, where the browser says so: phones do. @returns {Facing | null} */
  get facing() {
    const facing = this.stream?.getVideoTracks()[0]?.getSettings().facingMode;
    return facing === "user" || facing === "environment" ? facing : null;
  }

  /**
   * Open a camera (the one wished for, if it is there) and play it; nothing if closed meanwhile.
   * @param {Wish} wish
   * @throws {CameraError}
   */
  async open(wish) {
    this.close(); // some systems give a camera to one holder only
    const { turn } = this;
    if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) {
      throw new CameraError("insecure");
    }
    let stream;
    try {
      stream = await ask(wish);
    } catch (error) {
      throw new CameraError(REASONS[/** @type {Error} */ (error).name] ?? "failed");
    }
    if (turn !== this.turn) {
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    this.stream = stream;
    this.stream.getVideoTracks()[0].addEventListener("ended", this.onEnded);
    this.video.srcObject = this.stream;
    try {
      await this.video.play();
    } catch {
      if (turn === this.turn) throw new CameraError("failed");
    }
  }

  /** Stop the camera (its light goes off) and drop the picture. */
  close() {
    this.turn += 1;
    for (const track of this.stream?.getTracks() ?? []) {
      track.removeEventListener("ended", this.onEnded);
      track.stop();
    }
    if (this.stream) this.video.srcObject = null;
    this.stream = null;
  }

  /**
   * Cameras to choose from; they have names once one has been opened.
   * @returns {Promise<MediaDeviceInfo[]>}
   */
  async list() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter((device) => device.kind === "videoinput");
  }
}

/**
 * @param {Wish} wish
 * @returns {Promise<MediaStream>} any camera where none is as wished
 */
async function ask({ deviceId, facing }) {
  if (facing) {
    const stream = await tryFor({ facingMode: { exact: facing } });
    if (stream) return stream;
  }
  if (deviceId) {
    const stream = await tryFor({ deviceId: { exact: deviceId } });
    if (stream) return stream;
  }
  return request({ facingMode: "user" });
}

/** @param {MediaTrackConstraints} choice @returns {Promise<MediaStream | null>} null if there is none */
async function tryFor(choice) {
  try {
    return await request(choice);
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "OverconstrainedError") throw error;
    return null;
  }
}

/** @param {MediaTrackConstraints} choice */
function request(choice) {
  return navigator.mediaDevices.getUserMedia({ audio: false, video: { ...WISHES, ...choice } });
}
