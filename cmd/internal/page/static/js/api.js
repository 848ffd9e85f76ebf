// Calls of the try-out's HTTP interface, which the package comment of page documents.
import { toast } from "./toast.js";

// call makes a call and returns its answer. What is refused is said to the person and thrown.
export async function call(method, path, body) {
  return answered(fetch(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  }));
}

// upload hands over a file and returns its id.
export async function upload(file) {
  const made = await answered(fetch(`/api/uploads?name=${encodeURIComponent(file.name)}`, {
    method: "POST",
    headers: { "Content-Type": file.type || "application/octet-stream" },
    body: file,
  }));
  return made.id;
}

async function answered(request) {
  let response;
  try {
    response = await request;
  } catch {
    toast("The try-out does not answer. Is it still running in your terminal?", true);
    throw new Refused();
  }
  const answer = await response.json();
  if (response.ok) return answer;
  toast(answer.error, true);
  throw new Refused(answer.error);
}

// Refused is a call that came to nothing; the person has been told.
export class Refused extends Error {}

// quietly is for listeners: what is refused has been said, and there is nothing else to do.
export function quietly(work) {
  return async (...args) => {
    try {
      await work(...args);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  };
}
