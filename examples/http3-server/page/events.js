/** The list keeps this many. */
const KEPT = 5

export function setUpEvents() {
  const button = document.querySelector('#events')
  const list = document.querySelector('#events-list')
  let source = null
  button.addEventListener('click', () => {
    if (source === null) {
      source = new EventSource('/events')
      source.addEventListener('tick', (event) => add(list, JSON.parse(event.data)))
    } else {
      source.close()
      source = null
    }
    button.textContent = source === null ? 'Listen' : 'Stop'
    button.setAttribute('aria-pressed', String(source !== null))
  })
}

function add(list, { time, httpVersion }) {
  const item = document.createElement('li')
  item.textContent = `${new Date(time).toLocaleTimeString()} over HTTP/${httpVersion}`
  list.prepend(item)
  while (list.children.length > KEPT) list.lastElementChild.remove()
}
