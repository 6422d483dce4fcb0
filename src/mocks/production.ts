/** What `sallyport/development` is everywhere but in development: nothing. */

export const developmentFetch = (_options: object): undefined => undefined
