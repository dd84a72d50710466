"""What one telephone says, evened out: it comes early, late or in a bunch, and leaves a frame every 20 ms. Pure."""

from __future__ import annotations

from integrations.gateway.frames import FRAME_BYTES

# Begin to speak with so much in hand: a frame's wait is what everybody hears as delay.
FEWEST_FRAMES, MOST_WAITED_FOR = 2, 3
# A bunch after a hiccup of the network: older sound would only make all the rest late.
MOST_FRAMES = 6
# Frames that come so soon after the buffer ran dry were late; after that somebody was silent.
LATE_FRAMES = 5
WATCHED_FRAMES = 50
# Watches without a late frame until less is waited for.
CALM_WATCHES = 5


class JitterBuffer:
    """Waits a little longer where frames come late, and comes back to the present where they do not."""

    def __init__(self) -> None:
        self._pcm = bytearray()
        self._is_filling = True
        self._waited_for = FEWEST_FRAMES
        self._dry_frames = LATE_FRAMES
        self._watched, self._least, self._calm = 0, MOST_FRAMES, 0

    def push(self, pcm: bytes) -> None:
        """Add what has just come, of whatever length."""
        if self._is_filling and self._dry_frames < LATE_FRAMES:
            # The one that was missing came after all.
            self._waited_for, self._calm = min(self._waited_for + 1, MOST_WAITED_FOR), 0
            self._dry_frames = LATE_FRAMES
        self._pcm += pcm
        if len(self._pcm) > MOST_FRAMES * FRAME_BYTES:
            del self._pcm[: len(self._pcm) - self._waited_for * FRAME_BYTES]

    def pop(self) -> bytes | None:
        """The frame to be heard now; None while there is nothing to say."""
        if self._is_filling and not self._fill():
            return None
        if len(self._pcm) < FRAME_BYTES:
            self._is_filling, self._dry_frames = True, 0
            return None
        frame = bytes(self._pcm[:FRAME_BYTES])
        del self._pcm[:FRAME_BYTES]
        self._watch()
        return frame

    def clear(self) -> None:
        """Forget what nobody has heard."""
        self._pcm.clear()
        self._is_filling, self._dry_frames = True, LATE_FRAMES

    def _fill(self) -> bool:
        """True once there is enough to begin with."""
        if len(self._pcm) < self._waited_for * FRAME_BYTES:
            self._dry_frames += 1
            return False
        self._is_filling = False
        self._watched, self._least = 0, MOST_FRAMES
        return True

    def _watch(self) -> None:
        """A whole second with more to spare than is waited for: leave a frame out, and be nearer to the present."""
        self._watched += 1
        self._least = min(self._least, len(self._pcm) // FRAME_BYTES)
        if self._watched < WATCHED_FRAMES:
            return
        self._calm += 1
        if self._calm >= CALM_WATCHES:
            self._waited_for, self._calm = max(self._waited_for - 1, FEWEST_FRAMES), 0
        if self._least >= self._waited_for:
            del self._pcm[:FRAME_BYTES]
        self._watched, self._least = 0, MOST_FRAMES
