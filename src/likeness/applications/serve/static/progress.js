// Follows a job, and shows the page anew when it is over.
const bar = document.getElementById("progress");
const done = document.getElementById("done");

async function follow() {
  try {
    const answer = await fetch(bar.dataset.job, { headers: { Accept: "application/json" } });
    const job = await answer.json();
    if (!answer.ok || job.state === "finished" || job.state === "failed") {
      location.reload();
      return;
    }
    bar.value = job.done;
    done.textContent = job.done;
  } catch {
    // the server is away for a moment
  }
  setTimeout(follow, 500);
}

follow();
